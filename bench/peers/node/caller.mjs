import { createSecretKey } from "node:crypto";
import { jwtVerify } from "jose";
import { unauthenticated } from "./failure.mjs";

const setting = (name) => {
  if (!process.env[name]) throw new Error(`${name} is not set`);
  return process.env[name];
};

const key = createSecretKey(setting("POSTERN_JWT_SECRET"), "utf8");
const expected = {
  algorithms: ["HS256"],
  issuer: setting("POSTERN_JWT_ISSUER"),
  audience: setting("POSTERN_JWT_AUDIENCE"),
  requiredClaims: ["exp", "sub", "org"],
  clockTolerance: 60,
};

// The organization becomes part of the table's keys: nothing in it may separate their parts.
const ORG = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,64}$/;
const USER = /^(?!\.{1,2}$)[A-Za-z0-9._~|@:+-]{1,128}$/;

const text = (value) => (typeof value === "string" && value !== "" ? value : null);

/** The caller whom the request's token names. */
export async function identify(headers) {
  const [, token] = headers["x-api-key"] === undefined ? /^(?:bearer|jwt) +(\S+)$/i.exec(headers.authorization?.trim()) ?? [] : [];
  if (!token) throw unauthenticated();
  const { payload } = await jwtVerify(token, key, expected).catch(() => { throw unauthenticated(); });
  const { sub, org, roles } = payload;
  if (!USER.test(text(sub) ?? "") || !ORG.test(text(org) ?? "")) throw unauthenticated();
  const held = typeof roles === "string" ? roles.split(" ") : roles;
  return { org, user: sub, email: text(payload.email), isAdmin: Array.isArray(held) && held.includes("ORG_ADMIN") };
}
