// A sign-in link carries its secret behind the number sign, where no server log sees it.
// It is only put into the form: what spends it is the person's click, because programs follow links.
const form = document.querySelector("form[data-link]");
const button = form.querySelector("button");

function takeLink() {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (!link) return;
  history.replaceState(null, "", location.pathname);
  form.elements.link.value = link;
  for (const each of document.querySelectorAll("[data-by-hand], [role=alert]")) each.hidden = true;
  for (const each of document.querySelectorAll("[data-by-link]")) each.hidden = false;
  button.focus();
}

form.elements.timezone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
form.addEventListener("submit", () => { button.disabled = true; });
addEventListener("hashchange", takeLink);
takeLink();
