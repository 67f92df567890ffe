/** Why there is no sound, as far as a browser tells it. Pure. */

/** Each has words in the app's texts that a speaker can act on. */
export type MicrophoneProblem =
  /** The page, or the browser, may not use microphones. */
  | "denied"
  /** There is none. */
  | "missing"
  /** Another program has it, or the system does not hand it out. */
  | "in-use"
  /** The page was not loaded over https. */
  | "insecure"
  /** The browser is too old. */
  | "unsupported"
  /** The audio system did not start. */
  | "failed";

const PROBLEMS: Readonly<Record<string, MicrophoneProblem>> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  PermissionDeniedError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  DevicesNotFoundError: "missing",
  NotReadableError: "in-use",
  TrackStartError: "in-use",
  AbortError: "in-use",
};

/** What an error of `getUserMedia` or of the audio system means. */
export function readMicrophoneProblem(error: unknown): MicrophoneProblem {
  const name = typeof error === "object" && error !== null && "name" in error ? error.name : undefined;
  return (typeof name === "string" ? PROBLEMS[name] : undefined) ?? "failed";
}

/** What keeps this page from using any microphone at all, or undefined. */
export function findObstacle(scope: {
  readonly isSecureContext: boolean;
  readonly navigator: { readonly mediaDevices?: unknown };
  readonly AudioWorkletNode?: unknown;
}): MicrophoneProblem | undefined {
  if (!scope.isSecureContext) return "insecure";
  if (scope.navigator.mediaDevices === undefined || scope.AudioWorkletNode === undefined) return "unsupported";
  return undefined;
}
