// Offers the times of a list in the zone of the browser, where that is another one than theirs.
const link = document.querySelector("a[data-zone-shown]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const asked = new URLSearchParams(location.search);
asked.set("tz", own);
link.search = asked;
link.textContent = link.dataset.words.replace("…", own);
link.hidden = own === link.dataset.zoneShown;
