// Puts the booking page into a page of yours: <div data-booking="builder/session-type"></div>. See docs/embedding.md.
(() => {
  const ours = new URL(document.currentScript.src).origin;
  const NAME = /^[\w-]+\/[\w-]+$/;
  const EVENTS = ["booking.ready", "slot.selected", "booking.confirmed", "booking.cancelled"];
  const TALLEST = 20_000; // pixels
  const COMES = 20_000, SPEAKS = 3_000; // milliseconds until it is given up: before it is loaded, and then

  function address(data) {
    const url = new URL(`/embed/${data.booking}`, ours);
    url.searchParams.set("site", location.origin);
    for (const name of ["lang", "tz", "theme"]) if (data[name]) url.searchParams.set(name, data[name]);
    return url.href;
  }

  const labelOf = (element) => element.dataset.label || "Book a time";

  // What stands in the box stays until the frame says that it is there: a site that may not show it gets no word.
  function fill(box, element, close = () => {}) {
    const frame = document.createElement("iframe");
    frame.title = labelOf(element);
    frame.src = address(element.dataset);
    const style = { display: "block", width: "100%", border: "0", colorScheme: "normal" };
    Object.assign(frame.style, style, { height: "0", visibility: "hidden" });
    let waits = setTimeout(giveUp, COMES);
    frame.addEventListener("load", loaded, { once: true });
    function loaded() {
      clearTimeout(waits);
      waits = setTimeout(giveUp, SPEAKS);
    }
    function giveUp() {
      frame.remove();
      console.warn(`booking: no answer from ${frame.src}; is it reachable, and this site (${location.origin}) on the builder's list? See docs/embedding.md`);
    }
    function show() {
      clearTimeout(waits);
      frame.removeEventListener("load", loaded);
      for (const each of [...box.childNodes]) if (each !== frame) each.remove(); // a frame that is moved loads anew
      Object.assign(frame.style, { height: "640px", visibility: "" });
    }
    hear(frame, element, show, close);
    box.append(frame);
  }

  function hear(frame, element, show, close) {
    const told = new Set();
    // The frame says so with each of its pages; a time may be chosen any number of times.
    function isNew({ event, payload }) {
      const fact = `${event} ${payload?.bookingId ?? ""}`;
      const before = told.has(fact);
      told.add(fact);
      return event === "slot.selected" || !before;
    }
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== ours || data?.source !== "booking") return;
      if (data.event === "height") {
        const height = Math.min(Math.ceil(Number(data.payload?.height)), TALLEST);
        if (height > 0) frame.style.height = `${height}px`;
      } else if (data.event === "close") {
        close();
      } else if (EVENTS.includes(data.event) && isNew(data)) {
        if (data.event === "booking.ready") show();
        else if (frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
        element.dispatchEvent(new CustomEvent(data.event, { bubbles: true, detail: data.payload ?? {} }));
      }
    });
  }

  function linkTo(element) {
    const link = document.createElement("a");
    Object.assign(link, { href: new URL(`/b/${element.dataset.booking}`, ours), target: "_blank", rel: "noopener", textContent: labelOf(element) });
    Object.assign(link.style, { display: "grid", placeContent: "center", height: "240px", background: "Canvas", color: "LinkText" });
    return link;
  }

  function dialogOf(element) {
    const dialog = document.createElement("dialog");
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", element.dataset.close || "Close");
    Object.assign(dialog.style, {
      width: "min(72rem, 100vw - 1rem)", maxWidth: "none", height: "fit-content", maxHeight: "calc(100vh - 1rem)",
      padding: "0", border: "0", borderRadius: "12px", overflow: "auto", background: "none", boxShadow: "0 0 0 100vmax #0008",
      colorScheme: element.dataset.theme || "light dark",
    });
    Object.assign(close.style, {
      position: "sticky", top: "4px", zIndex: "1", display: "block", margin: "4px 4px -48px auto", width: "44px", height: "44px", border: "0",
      borderRadius: "50%", font: "24px/1 sans-serif", cursor: "pointer", background: "Canvas", color: "CanvasText",
    });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.setAttribute("aria-label", labelOf(element));
    const box = document.createElement("div");
    box.append(linkTo(element));
    dialog.append(close, box);
    document.body.append(dialog);
    return dialog;
  }

  function opens(trigger, element) {
    let dialog;
    trigger.setAttribute("aria-haspopup", "dialog");
    trigger.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      dialog ??= dialogOf(element);
      if (!dialog.querySelector("iframe")) fill(dialog.lastChild, element, () => dialog.close()); // nor did it come before
      dialog.showModal();
    });
  }

  function button(element) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = labelOf(element);
    Object.assign(made.style, {
      position: "fixed", right: "16px", bottom: "16px", zIndex: "2147483000", minHeight: "48px", padding: "0 20px",
      border: "0", borderRadius: "24px", font: "600 16px/1 system-ui, sans-serif", cursor: "pointer",
      background: "#1f5fbf", color: "#fff", boxShadow: "0 4px 16px #0004",
    });
    element.replaceChildren(made);
    return made;
  }

  const MODES = {
    inline: (element) => fill(element, element),
    popup: (element) => opens(element, element),
    button: (element) => opens(button(element), element),
  };

  function place() {
    for (const element of document.querySelectorAll("[data-booking]:not([data-placed])")) {
      const mode = element.dataset.mode ?? "inline";
      if (!NAME.test(element.dataset.booking) || !Object.hasOwn(MODES, mode)) {
        console.error("booking: not a session type, or not a mode:", element);
        continue;
      }
      element.dataset.placed = "";
      MODES[mode](element);
    }
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", place);
  else place();
})();
