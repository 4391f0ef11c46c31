// Shows another month, day or zone without loading the whole page. Its links work without this, too.
const said = document.getElementById("said");
const here = () => location.pathname + location.search;
let shown = here();
let asking = new AbortController();

async function read(url) {
  asking.abort();
  asking = new AbortController();
  const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function put(page) {
  const next = page.getElementById("session");
  if (!next?.dataset.says) throw new Error("not a page with a month");
  document.getElementById("session").replaceWith(next);
  // They lead back to what is shown: to sign in, or to read it in another language.
  for (const each of ["header", "footer"]) {
    document.querySelector(`body > ${each}`).replaceWith(page.querySelector(`body > ${each}`));
  }
  said.textContent = next.dataset.says;
}

function focus(id) {
  const wrong = document.querySelector("#tz[aria-invalid]");
  for (const found of [wrong, document.getElementById(id), document.getElementById("month")]) {
    found?.focus({ preventScroll: true });
    if (found && found === document.activeElement) return;
  }
}

async function show(url, focused, push = true) {
  document.getElementById("session").setAttribute("aria-busy", "true");
  try {
    const page = await read(url);
    if (push) history.pushState(null, "", url);
    shown = here();
    put(page);
    focus(focused);
    if (location.hash) document.querySelector(location.hash)?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(new URL(link.href), link.id);
});

addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-swap]")) return;
  event.preventDefault();
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form));
  show(url, "zone");
});

addEventListener("popstate", () => {
  if (shown !== here()) show(new URL(location.href), "month", false);
});
