// Shows the times of a page in the visitor's own zone; without this they are in the zone that is named.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const times = document.querySelectorAll("time[data-local]");

function clock(locale) {
  const twelve = Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12;
  return { hour: twelve ? "numeric" : "2-digit", minute: "2-digit" };
}

function written(time, timeZone) {
  const locale = time.dataset.local;
  const form = { weekday: "short", day: "numeric", month: "short", ...clock(locale), timeZone };
  return Intl.DateTimeFormat(locale, form).format(new Date(time.dateTime));
}

for (const each of times) each.textContent = written(each, zone);
for (const each of document.querySelectorAll("[data-zone]")) each.textContent = zone;
// What only says the same once more stays hidden.
for (const each of document.querySelectorAll("[data-beside]")) {
  const time = each.querySelector("time");
  each.hidden = written(time, each.dataset.beside) === written(time, zone);
}
