// Shows times in the visitor's own zone, where the address names none.
const zones = document.getElementById("zones");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = [...zones.options].some((each) => each.value === own);
if (known && zones.dataset.guess !== own) {
  const here = new URL(location.href);
  here.searchParams.set("tz", own);
  location.replace(here);
}
