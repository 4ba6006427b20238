//! Forged tokens: with the algorithm `none`, a wrong algorithm, their own key, parts of different tokens, or wrong claims.

use serde_json::{Value, json};
use support::issuer::{ALGORITHMS, ISSUER, STRANGER, base64url, hmac_token};

use super::{NOW, claims};

/// An attack's name and its token.
pub(super) type Attack = (String, String);

fn header(members: Value) -> String {
    let mut header = json!({"alg": "RS256", "typ": "JWT", "kid": "RS256"});
    for (name, value) in members.as_object().unwrap() {
        header[name] = value.clone();
    }
    header.to_string()
}

/// The trusted issuer's signature with a header that it never writes.
fn signed(name: &str, members: Value) -> Attack {
    (name.into(), ISSUER.sign("RS256", &header(members), &claims().to_string()))
}

/// The signature of another key.
fn forged(name: &str, algorithm: &str, members: Value) -> Attack {
    let mut header = json!({"alg": algorithm, "typ": "JWT", "kid": algorithm});
    for (name, value) in members.as_object().unwrap() {
        header[name] = value.clone();
    }
    (name.into(), STRANGER.sign(algorithm, &header.to_string(), &claims().to_string()))
}

/// All attacks.
pub(super) fn corpus() -> Vec<Attack> {
    [unsigned(), confused(), foreign_keys(), headers(), misshapen(), swapped(), claimed()].concat()
}

fn unsigned() -> Vec<Attack> {
    let claims = base64url(claims().to_string());
    let good = ISSUER.token("RS256", &super::claims());
    let signature = good.rsplit('.').next().unwrap();
    let mut attacks = Vec::new();
    for algorithm in ["none", "None", "NONE", "nOnE", "", "null"] {
        let header = base64url(header(json!({"alg": algorithm})));
        attacks.push((format!("alg {algorithm:?}, no signature"), format!("{header}.{claims}.")));
        attacks.push((format!("alg {algorithm:?}, a signature"), format!("{header}.{claims}.{signature}")));
    }
    for algorithm in [json!(null), json!(["RS256"]), json!(256), json!({"RS256": true})] {
        attacks.push(signed(&format!("alg {algorithm}"), json!({"alg": algorithm})));
    }
    let without = json!({"typ": "JWT", "kid": "RS256"}).to_string();
    attacks.push(("no alg".into(), ISSUER.sign("RS256", &without, &super::claims().to_string())));
    attacks
}

/// The public key as the secret of an HMAC, in the encodings in which it is published.
fn confused() -> Vec<Attack> {
    let jwk = ISSUER.jwk("RS256");
    let secrets = [
        ("modulus", ISSUER.modulus()),
        ("modulus in Base64", jwk["n"].as_str().unwrap().as_bytes().to_vec()),
        ("key as JSON", jwk.to_string().into_bytes()),
        ("set as JSON", ISSUER.set(&ALGORITHMS).to_string().into_bytes()),
        ("nothing", Vec::new()),
        ("name of the key", b"RS256".to_vec()),
        ("exponent", vec![1, 0, 1]),
    ];
    let mut attacks = Vec::new();
    for (name, secret) in secrets {
        for kid in ["RS256", "ES256"] {
            let header = header(json!({"alg": "HS256", "kid": kid}));
            attacks.push((
                format!("HS256 with the {name}, {kid}"),
                hmac_token(&secret, &header, &claims().to_string()),
            ));
        }
    }
    let header = header(json!({"alg": "RS256"}));
    attacks
        .push(("an HMAC called RS256".into(), hmac_token(&ISSUER.modulus(), &header, &claims().to_string())));
    for (signer, said) in
        [("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "RS512"), ("ES256", "EdDSA"), ("ES384", "ES256")]
    {
        let header = json!({"alg": said, "kid": signer}).to_string();
        attacks
            .push((format!("{signer} called {said}"), ISSUER.sign(signer, &header, &claims().to_string())));
        let header = json!({"alg": signer, "kid": said}).to_string();
        attacks.push((
            format!("{signer} under the key of {said}"),
            ISSUER.sign(signer, &header, &claims().to_string()),
        ));
    }
    for algorithm in ["HS384", "HS512", "ES512", "ES256K", "RSA-OAEP", "dir", "Ed25519"] {
        attacks.push(signed(&format!("alg {algorithm}"), json!({"alg": algorithm})));
    }
    attacks
}

/// Keys in the token, and links to keys.
fn foreign_keys() -> Vec<Attack> {
    let key = |algorithm| STRANGER.jwk(algorithm);
    let mut attacks: Vec<_> =
        ALGORITHMS.iter().map(|name| forged(&format!("a stranger's {name}"), name, json!({}))).collect();
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        attacks.push(forged(&format!("embedded {algorithm}"), algorithm, json!({"jwk": key(algorithm)})));
    }
    for url in [
        "https://evil.example/keys",
        "https://id.example@evil.example/keys",
        "file:///etc/passwd",
        "http://169.254.169.254/",
    ] {
        attacks.push(forged(&format!("jku {url}"), "RS256", json!({ "jku": url })));
        attacks.push(forged(&format!("x5u {url}"), "RS256", json!({ "x5u": url })));
    }
    attacks.push(forged("x5c", "RS256", json!({"x5c": ["MIIB"]})));
    attacks.push(forged("x5t", "RS256", json!({"x5t": "AAAA"})));
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "RS256' --",
        "RS256\u{0}",
        "RS256\n",
        " RS256",
        "rs256",
        "",
        "*",
        "ORG#acme",
        "http://evil.example/key",
        "$(id)",
        "é",
        "\u{202e}RS256",
    ] {
        attacks.push(signed(&format!("kid {kid:?}"), json!({ "kid": kid })));
    }
    for kid in [json!(null), json!(["RS256"]), json!(1), json!({"$ne": ""}), json!("x".repeat(5000))] {
        attacks.push(signed(&format!("kid {:.20}", kid.to_string()), json!({ "kid": kid })));
    }
    let without = json!({"alg": "RS256", "typ": "JWT"}).to_string();
    attacks.push(("no kid".into(), ISSUER.sign("RS256", &without, &claims().to_string())));
    attacks
}

/// Headers with demands, such as extensions.
fn headers() -> Vec<Attack> {
    let mut attacks = vec![
        signed("crit b64", json!({"crit": ["b64"], "b64": false})),
        signed("crit exp", json!({"crit": ["exp"]})),
        signed("crit empty", json!({"crit": []})),
        signed("crit null", json!({"crit": null})),
        signed("crit unknown", json!({"crit": ["urn:x"], "urn:x": 1})),
    ];
    for kind in ["logout+jwt", "secevent+jwt", "dpop+jwt", "JWE", "", "application/json"] {
        attacks.push(signed(&format!("typ {kind:?}"), json!({ "typ": kind })));
    }
    attacks.push(signed("typ list", json!({"typ": ["JWT"]})));
    let claims = claims().to_string();
    for (name, header) in [
        ("alg twice", r#"{"alg":"none","alg":"RS256","kid":"RS256"}"#),
        ("kid twice", r#"{"alg":"RS256","kid":"x","kid":"RS256"}"#),
        ("header is a list", r#"[{"alg":"RS256","kid":"RS256"}]"#),
        ("header is a text", r#""RS256""#),
        ("header is broken", r#"{"alg":"RS256","kid":"RS256""#),
        ("header has more", r#"{"alg":"RS256","kid":"RS256"}{}"#),
    ] {
        attacks.push((name.into(), ISSUER.sign("RS256", header, &claims)));
    }
    attacks
}

/// Malformed tokens.
fn misshapen() -> Vec<Attack> {
    let good = ISSUER.token("RS256", &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let nested = format!("{{\"a\":{}1{}}}", "[".repeat(2000), "]".repeat(2000));
    let shapes = [
        ("nothing", String::new()),
        ("full stops", "..".into()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts", format!("{header}.{claims}.{claims}.{claims}.{signature}")),
        ("truncated", good[..good.len() - 1].into()),
        ("half", good[..good.len() / 2].into()),
        ("one more character", format!("{good}A")),
        ("padding", format!("{good}==")),
        ("no signature", format!("{header}.{claims}.")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("a blank", good.replacen('.', " .", 1)),
        ("the other Base64", good.replace(['-', '_'], "+")),
        ("huge", format!("{header}.{}.{signature}", "A".repeat(7000))),
        ("larger than huge", format!("{header}.{}.{signature}", "A".repeat(9000))),
        ("deep claims", ISSUER.sign("RS256", &self::header(json!({})), &nested)),
        ("claims are no JSON", ISSUER.sign("RS256", &self::header(json!({})), "claims")),
        ("claims are a list", ISSUER.sign("RS256", &self::header(json!({})), "[]")),
    ];
    shapes.into_iter().map(|(name, token)| (name.into(), token)).collect()
}

/// Good parts of different tokens.
fn swapped() -> Vec<Attack> {
    let one = ISSUER.token("RS256", &claims());
    let mut other = claims();
    other["sub"] = "somebody-else".into();
    let mut attacks = Vec::new();
    for algorithm in ALGORITHMS {
        let (mine, theirs) = (ISSUER.token(algorithm, &claims()), ISSUER.token(algorithm, &other));
        let (message, _) = mine.rsplit_once('.').unwrap();
        attacks.push((
            format!("{algorithm} swapped"),
            format!("{message}.{}", theirs.rsplit('.').next().unwrap()),
        ));
        let mut flipped = ISSUER.signature(algorithm, message.as_bytes());
        flipped[7] ^= 1;
        attacks.push((format!("{algorithm} flipped"), format!("{message}.{}", base64url(flipped))));
        let zeros = vec![0; ISSUER.signature(algorithm, b"").len()];
        attacks.push((format!("{algorithm} zeros"), format!("{message}.{}", base64url(zeros))));
    }
    let parts: Vec<&str> = one.split('.').collect();
    let altered = base64url(claims().to_string().replace("acme", "evil"));
    attacks.push(("altered claims".into(), format!("{}.{altered}.{}", parts[0], parts[2])));
    attacks
}

/// Tokens of the trusted issuer with a wrong claim: no caller, another audience, or another time.
fn claimed() -> Vec<Attack> {
    let mut attacks = unusable();
    for name in ["iss", "aud", "sub", "org", "exp"] {
        let text = claims().to_string();
        let twice = format!("{{\"{name}\":{},{}", claims()[name], &text[1..]);
        attacks.push((format!("{name} twice"), ISSUER.sign("RS256", &header(json!({})), &twice)));
    }
    attacks
}

/// Tokens of the trusted issuer with an unusable claim. The attack has the claim's name.
pub(super) fn unusable() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://id.example/")),
        ("iss", json!(["https://id.example"])),
        ("iss", json!(null)),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("aud", json!([["postern"]])),
        ("aud", json!(["postern", 5])),
        ("aud", json!({"postern": true})),
        ("aud", json!(null)),
        ("aud", json!("postern ")),
        ("sub", json!(["admin"])),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("a#b")),
        ("sub", json!("a%b")),
        ("sub", json!("x".repeat(129))),
        ("sub", json!(null)),
        ("org", json!(["acme", "other"])),
        ("org", json!("")),
        ("org", json!("acme#RESOURCE")),
        ("org", json!("a|b")),
        ("org", json!({"id": "acme"})),
        ("org", json!(null)),
        ("exp", json!(NOW - 60)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(-1e300)),
        ("exp", json!(1e300)),
        ("exp", json!(253_402_300_800_i64)),
        ("exp", json!("2999-01-01")),
        ("exp", json!([NOW + 600])),
        ("exp", json!(null)),
        ("exp", json!(true)),
        ("nbf", json!(NOW + 61)),
        ("nbf", json!(1e18)),
        ("nbf", json!(-5)),
        ("nbf", json!("now")),
        ("nbf", json!(null)),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        attacks.push((format!("{name} {:.30}", value.to_string()), ISSUER.token("RS256", &claims)));
    }
    for name in ["iss", "aud", "sub", "org", "exp"] {
        let mut claims = claims();
        let _ = claims.as_object_mut().unwrap().shift_remove(name);
        attacks.push((format!("{name} that is not there"), ISSUER.token("RS256", &claims)));
    }
    attacks
}
