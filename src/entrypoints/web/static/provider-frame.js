// What the calendar provider's page says, if it is that page which speaks; we look at the event ourselves.
const frame = document.querySelector("iframe.calendar");
const form = document.querySelector("form[data-joins]");
const provider = new URL(frame.src).origin;

addEventListener("message", ({ source, origin, data }) => {
  if (source !== frame.contentWindow || origin !== provider) return;
  if (data?.event === "calendly.page_height") {
    const height = Math.min(parseInt(data.payload?.height, 10), 20_000);
    if (height > 0) frame.style.height = `${height}px`;
  } else if (data?.event === "calendly.event_scheduled") {
    form.elements.event.value = data.payload?.event?.uri ?? "";
    form.elements.invitee.value = data.payload?.invitee?.uri ?? "";
    form.submit();
  }
});
