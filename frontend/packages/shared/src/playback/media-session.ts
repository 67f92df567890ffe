import { silentWav } from "./silence.js";

export interface MediaControls {
  readonly title: string;
  readonly artist: string;
  play(): void;
  pause(): void;
}

/** Shows what is heard on the lock screen and lets the buttons there and on headphones pause it; where there are such. */
export function showMediaSession(controls: MediaControls): void {
  if (!("mediaSession" in navigator)) return;
  const { title, artist } = controls;
  navigator.mediaSession.metadata = new MediaMetadata({ title, artist });
  navigator.mediaSession.setActionHandler("play", () => controls.play());
  navigator.mediaSession.setActionHandler("pause", () => controls.pause());
}

export function setMediaSessionPlaying(isPlaying: boolean): void {
  if ("mediaSession" in navigator) navigator.mediaSession.playbackState = isPlaying ? "playing" : "paused";
}

/**
 * Lets a page with an audio graph count as one that plays media: platforms then show it on the lock screen and let it go
 * on in the background. To be called from a touch, click or key press.
 *
 * @returns Ends it.
 */
export function playSilence(): () => void {
  const url = URL.createObjectURL(silentWav(10));
  const element = new Audio(url);
  element.loop = true;
  element.play().catch(() => undefined);
  return () => {
    element.pause();
    element.removeAttribute("src");
    URL.revokeObjectURL(url);
  };
}
