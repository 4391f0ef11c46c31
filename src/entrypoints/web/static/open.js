// A manage link carries its token behind the number sign, where no server log sees it.
const form = document.querySelector("form[data-open]");

function takeLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token || !form) return;
  history.replaceState(null, "", location.pathname);
  form.elements.token.value = token;
  form.submit();
}

addEventListener("hashchange", takeLink);
takeLink();
