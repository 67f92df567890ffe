/** What the speaker has chosen, kept by the browser. */
import { openSettings, readText, readTruth, type SettingReader, type Settings } from "@babelcast/shared/settings";
import type { MicrophoneSettings } from "./capture/microphone.js";

export interface SpeakerSettings {
  readonly sourceLanguage: string;
  /** Empty for all. */
  readonly targetLanguages: readonly string[];
  /** Empty for the system's choice. */
  readonly microphoneId: string;
  readonly microphoneLabel: string;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
  /** The voices follow how loud, fast and high the speaker speaks. */
  readonly expressive: boolean;
  /** Single keys, such as M, act. */
  readonly singleKeys: boolean;
}

const readCodes: SettingReader<readonly string[]> = (stored) =>
  Array.isArray(stored) && stored.every((code): code is string => typeof code === "string") ? stored : undefined;

/** Opens the settings of this browser. */
export function openSpeakerSettings(): Settings<SpeakerSettings> {
  return openSettings<SpeakerSettings>(
    "babelcast.speaker",
    {
      sourceLanguage: "",
      targetLanguages: [],
      microphoneId: "",
      microphoneLabel: "",
      echoCancellation: false,
      noiseSuppression: true,
      autoGainControl: true,
      expressive: true,
      singleKeys: true,
    },
    {
      sourceLanguage: readText,
      targetLanguages: readCodes,
      microphoneId: readText,
      microphoneLabel: readText,
      echoCancellation: readTruth,
      noiseSuppression: readTruth,
      autoGainControl: readTruth,
      expressive: readTruth,
      singleKeys: readTruth,
    },
  );
}

/** The part that the microphone needs. */
export function microphoneSettings(settings: SpeakerSettings): MicrophoneSettings {
  return {
    preference: { deviceId: settings.microphoneId, label: settings.microphoneLabel },
    echoCancellation: settings.echoCancellation,
    noiseSuppression: settings.noiseSuppression,
    autoGainControl: settings.autoGainControl,
  };
}
