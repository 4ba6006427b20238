// Looks at `/docs` as a browser shows it, on a desk and on a phone, and calls the API from it:
//   node look.cjs http://127.0.0.1:PORT TOKEN BROWSER FOLDER
// Pictures go into the folder.

const assert = require("node:assert/strict");
const http = require("node:http");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [api, token, browserPath, folder] = process.argv.slice(2);
const METHODS = ["get", "post", "put", "patch", "delete", "head"];
const SCREENS = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
// Smaller letters are not read on a phone.
const LETTERS_MIN_PIXELS = 12;

/** A tab that has loaded the page, and what it asked for and complained about meanwhile. */
async function open(browser, viewport, at = api) {
  const page = await browser.newPage({ viewport, isMobile: viewport.width < 500, hasTouch: viewport.width < 500 });
  const asked = [];
  const complaints = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${at}/docs`);
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

/** Types a token where the cursor stands when the dialog opens, which is in the first field. */
async function authorize(page) {
  await page.locator(".auth-wrapper .authorize").first().click();
  const dialog = page.locator(".dialog-ux");
  const first = dialog.locator("input").first();
  await first.waitFor();
  assert.ok(await first.evaluate((field) => field === document.activeElement), "the cursor is in another field than the first");
  await page.keyboard.insertText(token);
  assert.equal(await first.inputValue(), token);
  await dialog.locator(".auth-btn-wrapper .authorize").first().click();
  return dialog;
}

/** Gives the page a token, asks who that is, and reads the answer. */
async function tryItOut(page) {
  const dialog = await authorize(page);
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

/** A session is for the caller's own address, unless somebody writes another one. */
async function startsForOneself(page) {
  const operation = page.locator("#operations-Sessions-session-start");
  await operation.locator(".opblock-summary").click();
  const body = await operation.locator(".body-param__text").first().inputValue();
  assert.deepEqual(Object.keys(JSON.parse(body)).sort(), ["durationHours", "reason"]);
  await operation.locator(".opblock-summary").first().click();
}

/** A reload forgets the token, says so, and no browser has kept it. After a logout nothing is forgotten. */
async function forgets(page, screen) {
  const notice = page.locator("#forgotten");
  assert.equal(await notice.isVisible(), false, "something was forgotten before anything was given");
  const dialog = await authorize(page);
  await dialog.locator(".close-modal").click();
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(!kept.includes(token), "the browser keeps the token");
  await page.reload();
  await notice.waitFor();
  await page.screenshot({ path: path.join(folder, `${screen}-forgotten.png`) });
  const again = await authorize(page);
  assert.equal(await notice.isVisible(), false, "the notice stays");
  await again.locator(".auth-btn-wrapper button", { hasText: "Logout" }).first().click();
  await page.reload();
  await page.locator(".opblock").first().waitFor();
  assert.equal(await notice.isVisible(), false, "what was given back is not forgotten");
}

/** A server that has a front before every path of the API, as a stage or a mapping has. */
async function behind(front) {
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith(`${front}/`)) {
      response.writeHead(404).end();
      return;
    }
    const { method, headers } = request;
    const inner = http.request(`${api}${request.url.slice(front.length)}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(inner);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, at: `http://127.0.0.1:${server.address().port}${front}` };
}

/** The page works wherever it is mounted. */
async function lookBehind(browser, front) {
  const { server, at } = await behind(front);
  const { page, complaints } = await open(browser, SCREENS.desk, at);
  await tryItOut(page);
  assert.deepEqual(complaints, [], `behind ${front}: the browser complains`);
  await page.close();
  server.close();
}

async function look(browser, screen, described) {
  const { page, asked, complaints } = await open(browser, SCREENS[screen]);
  assert.equal(await page.locator(".opblock").count(), described, "an operation is not shown");
  await page.screenshot({ path: path.join(folder, `${screen}.png`) });
  await forgets(page, screen);
  await startsForOneself(page);
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
    await lookBehind(browser, "/team/postern");
  } finally {
    await browser.close();
  }
  console.log(`${described} operations, readable on ${Object.keys(SCREENS).join(" and ")}; GET /me answered`);
}

main();
