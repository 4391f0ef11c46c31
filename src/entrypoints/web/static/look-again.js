// Asks how the booking stands, less and less often, and shows the page anew once it stands differently.
const stands = (page) => page.getElementById("booking")?.dataset.stands;
const before = stands(document);
const SHORTEST = 2_000; // milliseconds
let pause = SHORTEST;
const to = new URLSearchParams(location.search).get("moved");
const moved = to ? `?moved=${encodeURIComponent(to)}` : ""; // whether it did is told at the end
let next;

async function look() {
  if (!document.hidden && (await asked())) return location.replace(location.pathname + moved);
  clearTimeout(next);
  next = setTimeout(look, pause);
}

async function asked() {
  pause = Math.min(pause * 1.5, 600_000);
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    const now = stands(new DOMParser().parseFromString(await answer.text(), "text/html"));
    return now && now !== before;
  } catch {
    return false; // no connection just now
  }
}

for (const each of document.querySelectorAll("[data-looks]")) each.hidden = false;
next = setTimeout(look, pause);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  pause = SHORTEST; // whoever comes back waits for it
  look();
});
