// The release page in a real browser, at a phone's and a screen's width, in the light and in the dark: it asks for nothing, its
// pictures are there, nothing leaves the screen sideways, and every text can be read. Screenshots are left in FOLDER.
// usage: node page_browser.mjs PRINT_PAGE MODULES FOLDER    (MODULES: a folder with node_modules/playwright-core)
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [printPage, modules, folder] = process.argv.slice(2);
const { chromium } = createRequire(path.resolve(modules, "package.json"))("playwright-core");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((name) => existsSync(name));
if (!executablePath) throw new Error("chromium is not installed (packaging/dependencies page)");
mkdirSync(folder, { recursive: true });

/// Runs in the page. What is wrong with how it is laid out, a line each.
function faults() {
  const wrong = [];
  const width = window.innerWidth;
  const name = (element) => `<${element.localName} class="${element.getAttribute("class") ?? ""}"> ${element.textContent.trim().slice(0, 40)}`;
  if (document.scrollingElement.scrollWidth > width) wrong.push(`the page is ${document.scrollingElement.scrollWidth} pixels wide`);
  const scrolls = (element) => {
    for (let one = element; one; one = one.parentElement) if (/auto|scroll/.test(getComputedStyle(one).overflowX)) return true;
    return false;
  };
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || scrolls(element)) continue;
    const svg = element.closest("svg");
    const frame = svg && svg !== element ? svg.getBoundingClientRect() : { left: 0, right: width };
    if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5) wrong.push(`${name(element)} reaches from ${box.left} to ${box.right}`);
    if (!svg && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline")
      wrong.push(`${name(element)} is wider inside (${element.scrollWidth}) than outside (${element.clientWidth})`);
  }
  const pictures = [...document.querySelectorAll("svg.picture")].map((one) => one.getBoundingClientRect()).filter((box) => box.width > 0);
  if (pictures.length !== 2) wrong.push(`${pictures.length} pictures are to be seen`);
  for (const box of pictures) if (box.width < 250 || box.height < 100) wrong.push(`a picture is ${box.width} x ${box.height}`);

  // WCAG 2.1: 4.5:1 for text. Of colours as the browser computes them.
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((value) => {
      const part = Number(value) / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.body.querySelectorAll("*")) {
    if (![...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
    if (element.closest("defs") || element.getBoundingClientRect().width === 0) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(element.closest("svg") ? style.fill : style.color), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) wrong.push(`${name(element)} has a contrast of ${contrast.toFixed(2)}`);
    if (parseFloat(style.fontSize) < 10) wrong.push(`${name(element)} is ${style.fontSize} high`);
  }
  return wrong;
}

/// Opens a page without a network; what it asks for and complains about is a fault too.
async function look(browser, file, width, colorScheme, picture) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, deviceScaleFactor: width < 600 ? 2 : 1 });
  const page = await context.newPage();
  const wrong = [];
  const address = pathToFileURL(file).href;
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url === address || url.startsWith("data:")) return route.continue();
    wrong.push(`it asks for ${url}`);
    return route.abort();
  });
  page.on("console", (message) => wrong.push(`the console says ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`an error in the page: ${error}`));
  page.on("dialog", (dialog) => { wrong.push("it opens a dialog"); return dialog.dismiss(); });
  await page.goto(address, { waitUntil: "load" });
  if (picture) await page.screenshot({ path: `${picture}-closed.png`, fullPage: true });
  wrong.push(...(await page.evaluate(faults)));
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  wrong.push(...(await page.evaluate(faults)).map((line) => `opened: ${line}`));
  if (picture) await page.screenshot({ path: `${picture}.png`, fullPage: true });
  await context.close();
  return [...new Set(wrong)];
}

const print = (kind) => {
  const file = path.resolve(folder, `${kind}.html`);
  writeFileSync(file, execFileSync(printPage, [kind]));
  return file;
};
const browser = await chromium.launch({ executablePath, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
let failed = false;
try {
  const files = { plain: print("plain"), hostile: print("hostile") };
  for (const [kind, file] of Object.entries(files))
    for (const width of [360, 1280])
      for (const scheme of ["light", "dark"]) {
        const wrong = await look(browser, file, width, scheme, path.resolve(folder, `${kind}-${width}-${scheme}`));
        for (const line of wrong) console.error(`${kind} at ${width} px, ${scheme}: ${line}`);
        failed ||= wrong.length > 0;
      }
  // The test sees what it is there to see.
  const bad = path.resolve(folder, "bad.html");
  const html = execFileSync(printPage, ["plain"]).toString().replace(/<meta http-equiv[^>]*>/, "")
    .replace("<main>", '<main><div style="width:2000px;color:#777;background:#888">wide</div><img src="https://example.org/a.png">');
  writeFileSync(bad, html);
  const seen = await look(browser, bad, 360, "light");
  for (const sign of [/pixels wide/, /asks for https:\/\/example.org/, /reaches from/, /contrast/])
    if (!seen.some((line) => sign.test(line))) { console.error(`${sign} was not seen in a bad page: ${seen}`); failed = true; }
} finally {
  await browser.close();
}
process.exitCode = failed ? 1 : 0;
