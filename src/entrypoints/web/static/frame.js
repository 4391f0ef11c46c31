// Tells the page around this one what happens here, and how tall it is: that site alone, which the builder allows.
const root = document.documentElement;
const { site } = root.dataset;

function tell(event, payload = {}) {
  if (site && parent !== window) parent.postMessage({ source: "booking", event, payload }, site);
}

function tellWhatHappened() {
  if (root.dataset.tells) {
    const { event, payload } = JSON.parse(root.dataset.tells);
    tell(event, payload);
  }
}

// What is said stays where it was, or screen readers do not say it.
function show(main, next) {
  const focused = main.contains(document.activeElement);
  const said = main.querySelector("[role=status]");
  const says = next.querySelector("[role=status]");
  said.replaceChildren(...says.childNodes);
  while (said.nextSibling) said.nextSibling.remove();
  while (says.nextSibling) main.append(says.nextSibling);
  if (focused) main.focus({ preventScroll: true });
}

// What was done in another window: paid, cancelled.
async function look() {
  const form = document.querySelector("form[data-look]");
  if (!form || document.hidden) return;
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("main:has(> [role=status])");
  const main = document.querySelector("main");
  if (!next || next.textContent === main.textContent) return;
  show(main, next);
  root.dataset.tells = page.documentElement.dataset.tells ?? "";
  tellWhatHappened();
}

// A second click while the first is under way.
const sent = new WeakMap();
addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (Date.now() - (sent.get(event.target) ?? 0) < 5_000) event.preventDefault();
  else sent.set(event.target, Date.now());
});

// The page around closes its dialog, unless the key is for a list or an opened part here.
addEventListener("keydown", (event) => {
  const ours = event.defaultPrevented || event.isComposing || event.target.closest("select, details[open]");
  if (event.key === "Escape" && !ours) tell("close");
});

const lookQuietly = () => look().catch(() => {}); // the next look may find the network again
addEventListener("focus", lookQuietly);
document.addEventListener("visibilitychange", lookQuietly);
setInterval(() => document.querySelector("form[data-look=waiting]") && lookQuietly(), 10_000);

tell("booking.ready");
tellWhatHappened();
new ResizeObserver(() => tell("height", { height: root.getBoundingClientRect().height })).observe(root);
