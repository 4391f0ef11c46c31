// Shows the times of a page in the visitor's own zone; without this they are in the builder's.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const times = document.querySelectorAll("time[data-local]");

function clock(locale) {
  const twelve = Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12;
  return { hour: twelve ? "numeric" : "2-digit", minute: "2-digit" };
}

for (const each of times) {
  const locale = each.dataset.local;
  const form = { weekday: "short", day: "numeric", month: "short", ...clock(locale), timeZone: zone };
  each.textContent = Intl.DateTimeFormat(locale, form).format(new Date(each.dateTime));
}
for (const each of document.querySelectorAll("[data-zone]")) each.textContent = zone;
