// Adds and removes rows and shows the openings without loading the page anew. All of it works without this, too.
const said = document.getElementById("said");
let plainly = false;

async function ask(form, button) {
  const sent = new URLSearchParams(new FormData(form));
  sent.append(button.name, button.value);
  const answer = await fetch(form.action, { method: "POST", body: sent, headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".schedule");
}

function put(next, button) {
  const wanted = next.querySelector("[autofocus]");
  wanted?.removeAttribute("autofocus"); // which counts when a page is loaded
  document.querySelector(".schedule").replaceWith(next);
  const same = next.querySelector(`button[name="do"][value="${button.value}"]:not([hidden])`);
  (wanted ?? same)?.focus();
  said.textContent = next.querySelector(".preview .sum")?.innerText ?? "";
}

addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (plainly || !form.matches(".schedule > form") || button?.value === "save") return;
  event.preventDefault();
  try {
    put(await ask(form, button), button);
  } catch {
    plainly = true;
    form.requestSubmit(button);
  }
});

// What is shown beside other hours than those that are typed by now is no longer true.
addEventListener("input", (event) => {
  if (event.target.closest(".hours")) document.querySelector(".preview")?.classList.add("over");
});
