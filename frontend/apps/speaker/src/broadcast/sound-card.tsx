import type { LiveSession } from "../session/live-session.js";
import type { SpeakerSettings } from "../speaker-settings.js";
import { texts } from "../texts.js";

/** The microphone: which one, how loud, how treated. */
export function SoundCard({ live }: { live: LiveSession }) {
  const { microphone, broadcast } = live;
  const { kind } = microphone.state.value;
  return (
    <section class="card sound" aria-labelledby="sound">
      <h2 id="sound">{texts.sound.title}</h2>
      <MicrophoneChoice live={live} />
      {kind === "off" && (
        <div class="allow">
          <button type="button" class="button" onClick={() => void microphone.open()}>
            {texts.sound.allow}
          </button>
          <p class="hint">{texts.sound.allowHint}</p>
        </div>
      )}
      <div class="field">
        <label for="volume">{texts.sound.volume}</label>
        <div class="with-value">
          <input
            id="volume"
            type="range"
            min={0}
            max={100}
            step={5}
            value={Math.round(100 * broadcast.volume.value)}
            onInput={(event) => broadcast.setVolume(event.currentTarget.valueAsNumber / 100)}
          />
          <output for="volume">{Math.round(100 * broadcast.volume.value)} %</output>
        </div>
      </div>
      <details>
        <summary>{texts.sound.processing}</summary>
        <div class="processing">
          <Choice live={live} name="noiseSuppression" hint={texts.sound.noiseSuppressionHint} />
          <Choice live={live} name="autoGainControl" hint={texts.sound.autoGainControlHint} />
          <Choice live={live} name="echoCancellation" hint={texts.sound.echoCancellationHint} />
          <p class="hint">{texts.sound.processingHint}</p>
        </div>
      </details>
    </section>
  );
}

function MicrophoneChoice({ live }: { live: LiveSession }) {
  const { microphone, settings } = live;
  // Read for the subscription: the choices follow from the devices.
  const known = microphone.devices.value.length > 0 ? microphone.choices : [];
  const { microphoneId, microphoneLabel } = settings.values.value;
  const isThere = known.some(({ deviceId }) => deviceId === microphoneId);
  const isOn = microphone.state.value.kind === "on";
  const inUse = isOn ? (microphone.device.value?.label ?? "") : "";
  const choose = (deviceId: string): void => {
    const label = known.find((device) => device.deviceId === deviceId)?.label ?? "";
    void live.change({ microphoneId: deviceId, microphoneLabel: label });
  };
  return (
    <div class="field">
      <label for="microphone">{texts.sound.microphone}</label>
      <select
        id="microphone"
        class="input"
        value={isThere ? microphoneId : microphoneId === "" ? "" : "away"}
        aria-describedby="microphone-in-use"
        onChange={(event) => choose(event.currentTarget.value)}
      >
        <option value="">{texts.sound.systemChoice}</option>
        {known.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>
            {label === "" ? texts.sound.unnamed(index + 1) : label}
          </option>
        ))}
        {!isThere && microphoneId !== "" && (
          <option value="away" disabled>
            {microphoneLabel === "" ? texts.sound.unnamed(known.length + 1) : microphoneLabel}
          </option>
        )}
      </select>
      <p id="microphone-in-use" class="hint" role="status">
        {inUse === "" ? "" : texts.sound.using(inUse)}
      </p>
    </div>
  );
}

type ProcessingName = "noiseSuppression" | "autoGainControl" | "echoCancellation";

function Choice({ live, name, hint }: { live: LiveSession; name: ProcessingName; hint: string }) {
  const isOn = live.settings.values.value[name];
  const change = (): void => {
    const changes: Partial<Pick<SpeakerSettings, ProcessingName>> = { [name]: !isOn };
    void live.change(changes);
  };
  return (
    <label class="check">
      <input type="checkbox" checked={isOn} onChange={change} />
      <span>
        {texts.sound[name]}
        <span class="hint">{hint}</span>
      </span>
    </label>
  );
}
