// Looks at `/docs` as a browser shows it, on a desk and on a phone, and calls the API from it:
//   node look.cjs http://127.0.0.1:PORT TOKEN BROWSER FOLDER
// Pictures go into the folder.

const assert = require("node:assert/strict");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [api, token, browserPath, folder] = process.argv.slice(2);
const METHODS = ["get", "post", "put", "patch", "delete"];
const SCREENS = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
// Smaller letters are not read on a phone.
const LETTERS_MIN_PIXELS = 12;

/** A tab that has loaded the page, and what it asked for and complained about meanwhile. */
async function open(browser, viewport) {
  const page = await browser.newPage({ viewport, isMobile: viewport.width < 500, hasTouch: viewport.width < 500 });
  const asked = [];
  const complaints = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${api}/docs`);
  await page.locator(".opblock").first().waitFor();
  return { page, asked, complaints };
}

/** Texts that are smaller than they should be, and elements that stand out to the right. */
function unreadable(min) {
  const visible = [...document.querySelectorAll("#docs *")].filter((element) => element.checkVisibility());
  const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const name = (element) => `${element.className || element.tagName}: ${element.textContent.trim().slice(0, 40)}`;
  const small = visible.filter((element) => says(element) && parseFloat(getComputedStyle(element).fontSize) < min);
  const wide = document.documentElement.scrollWidth > innerWidth ? visible.filter((element) => element.getBoundingClientRect().right > innerWidth + 1) : [];
  return { small: [...new Set(small.map(name))], wide: wide.map(name), scrollWidth: document.documentElement.scrollWidth, innerWidth };
}

/** Gives the page a token, asks who that is, and reads the answer. */
async function tryItOut(page) {
  await page.locator(".auth-wrapper .authorize").first().click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").first().fill(token);
  await dialog.locator(".auth-btn-wrapper .authorize").first().click();
  await dialog.locator(".close-modal").click();
  const operation = page.locator("#operations-Me-me-get");
  await operation.locator(".opblock-summary").click();
  await operation.locator(".execute").click();
  const answer = operation.locator(".live-responses-table .response").first();
  await answer.waitFor();
  assert.equal(await answer.locator(".response-col_status").innerText(), "200");
  assert.match(await answer.locator(".response-col_description").innerText(), /"isOrgAdmin": true/);
  return operation;
}

async function look(browser, screen, described) {
  const { page, asked, complaints } = await open(browser, SCREENS[screen]);
  assert.equal(await page.locator(".opblock").count(), described, "an operation is not shown");
  await page.screenshot({ path: path.join(folder, `${screen}.png`) });
  const operation = await tryItOut(page);
  await operation.scrollIntoViewIfNeeded();
  await page.screenshot({ path: path.join(folder, `${screen}-answer.png`) });
  const { small, wide, scrollWidth, innerWidth } = await page.evaluate(unreadable, LETTERS_MIN_PIXELS);
  assert.deepEqual(small, [], `${screen}: letters below ${LETTERS_MIN_PIXELS} pixels`);
  assert.deepEqual(wide, [], `${screen}: ${scrollWidth} of ${innerWidth} pixels`);
  assert.deepEqual(complaints, [], `${screen}: the browser complains`);
  const elsewhere = asked.filter((url) => !url.startsWith(`${api}/`) && !url.startsWith("data:"));
  assert.deepEqual(elsewhere, [], `${screen}: something is loaded from elsewhere`);
  await page.close();
}

async function main() {
  const document = await (await fetch(`${api}/openapi.json`)).json();
  const items = Object.values(document.paths);
  const described = items.flatMap((item) => METHODS.filter((method) => item[method])).length;
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  try {
    for (const screen of Object.keys(SCREENS)) {
      await look(browser, screen, described);
    }
  } finally {
    await browser.close();
  }
  console.log(`${described} operations, readable on ${Object.keys(SCREENS).join(" and ")}; GET /me answered`);
}

main();
