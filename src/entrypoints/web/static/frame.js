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

// What was done in another window: paid, cancelled.
async function look() {
  const form = document.querySelector("form[data-look]");
  if (!form || document.hidden) return;
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("main");
  if (!next || next.textContent === document.querySelector("main").textContent) return;
  document.querySelector("main").replaceWith(next);
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

const lookQuietly = () => look().catch(() => {}); // the next look may find the network again
addEventListener("focus", lookQuietly);
document.addEventListener("visibilitychange", lookQuietly);
setInterval(() => document.querySelector("form[data-look=waiting]") && lookQuietly(), 10_000);

tell("booking.ready");
tellWhatHappened();
new ResizeObserver(() => tell("height", { height: root.getBoundingClientRect().height })).observe(root);
