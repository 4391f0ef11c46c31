// Shows how much of a hold is left, by the seconds that the server counted; then how the booking stands.
const shown = document.querySelector("[data-left]");
const end = Date.now() + 1000 * shown.dataset.left;
const two = (number) => String(number).padStart(2, "0");

function tick() {
  const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  const clock = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  shown.textContent = shown.dataset.words.replace("…", clock);
  shown.hidden = false;
  if (left) setTimeout(tick, 250);
  else location.replace(location.pathname);
}

tick();
