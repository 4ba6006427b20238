//! A window of time whose end is printed without its milliseconds leaves out what happened in its last second. Reported as
//! <https://github.com/logto-io/logto/pull/9214>, <https://github.com/growilabs/growi/pull/10834> and
//! <https://github.com/openchoreo/community-modules/pull/615>.

use model::time::Timestamp;
use serde_json::Value;
use support::{Client, START_MILLIS, TestApp, at_millis};

/// Rows at these milliseconds after the start.
async fn log(app: &TestApp, millis: &[i64]) -> Client {
    let mut at = 0;
    for (number, millis) in millis.iter().enumerate() {
        app.advance_millis(millis - at);
        at = *millis;
        let _ = app.admin().new_role(&format!("Role {number}")).await;
    }
    app.admin()
}

async fn rows(caller: &Client, query: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/audit-logs?{query}&limit=3{cursor}")).await.expect(200).json;
        rows.extend(page["content"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn a_row_is_within_the_times_that_it_is_shown_with() {
    let app = TestApp::new().await;
    let admin = log(&app, &[0, 1, 500, 999, 1000, 1999]).await;
    for row in rows(&admin, "limit=500".replace("limit=500", "from=2026-01-01T00:00:00Z").as_str()).await {
        let at = row["createdAt"].as_str().unwrap();
        let found = rows(&admin, &format!("from={at}&to={at}")).await;
        assert!(found.contains(&row), "{at}: {found:?}");
        assert_eq!(at.len(), "2026-02-18T10:30:00.000Z".len(), "{at}");
        assert!(Timestamp::parse(at).is_ok());
    }
}

#[tokio::test]
async fn a_bound_without_a_fraction_covers_its_second() {
    let app = TestApp::new().await;
    let admin = log(&app, &[0, 1, 500, 999, 1000, 1999, 2000]).await;
    let at = |text: &str| format!("2026-02-18T10:30:{text}Z");
    for (from, to, count) in [
        ("00", "00", 4),
        ("01", "01", 2),
        ("00", "01", 6),
        ("00.000", "00.000", 1),
        ("00.001", "00.5", 2),
        ("00", "00.998", 3),
        ("00.999", "01", 3),
        ("02", "02", 1),
        // What lies below a millisecond counts as well: between two milliseconds there is no row.
        ("00.0001", "00.001", 1),
        ("00.9991", "01.0009", 1),
        ("00.0001", "00.0009", 0),
    ] {
        let found = rows(&admin, &format!("from={}&to={}", at(from), at(to))).await;
        assert_eq!(found.len(), count, "{from} {to}");
    }
    let found = rows(&admin, "to=2026-02-18T11:30:01%2B01:00").await;
    assert_eq!(found.len(), 6);
    let wrong =
        admin.get("/audit-logs?from=2026-02-18T10:30:00.5Z&to=2026-02-18T10:30:00.4Z").await.expect(400);
    assert_eq!(wrong.json["validationErrors"]["to"], "to must not be before from");
    // The end of a second lies behind its middle.
    let _ = admin.get("/audit-logs?from=2026-02-18T10:30:00.5Z&to=2026-02-18T10:30:00Z").await.expect(200);
}

/// A generator of numbers that is the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

/// The windows between some seconds: each ends a second before the next one begins.
fn windows(bounds: &[i64]) -> Vec<String> {
    let at = |second: i64| at_millis(START_MILLIS + second * 1000);
    let mut windows = vec![format!("to={}", at(bounds[0] - 1))];
    windows.extend(bounds.windows(2).map(|pair| format!("from={}&to={}", at(pair[0]), at(pair[1] - 1))));
    windows.push(format!("from={}", at(bounds[bounds.len() - 1])));
    windows
}

#[tokio::test]
async fn adjacent_windows_are_the_whole_log_and_share_no_row() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..8 {
        let app = TestApp::new().await;
        let mut millis: Vec<_> = (0..12).map(|_| numbers.below(9000)).collect();
        millis.sort_unstable();
        let admin = log(&app, &millis).await;
        let whole = rows(&admin, "from=2026-01-01T00:00:00Z").await;
        assert_eq!(whole.len(), millis.len());
        for _ in 0..8 {
            let mut bounds: Vec<_> = (0..=numbers.below(4)).map(|_| numbers.below(10)).collect();
            bounds.sort_unstable();
            bounds.dedup();
            let mut parts = Vec::new();
            for window in windows(&bounds).into_iter().rev() {
                parts.extend(rows(&admin, &window).await);
            }
            assert_eq!(parts, whole, "{millis:?} {bounds:?}");
        }
    }
}
