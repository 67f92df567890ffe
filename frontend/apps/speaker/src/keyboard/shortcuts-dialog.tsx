import type { Settings } from "@babelcast/shared/settings";
import { Modal } from "../interface/modal.js";
import type { SpeakerSettings } from "../speaker-settings.js";
import { texts } from "../texts.js";
import { type ShortcutAction, SHORTCUTS } from "./shortcuts.js";

interface Props {
  settings: Settings<SpeakerSettings>;
  onClose: () => void;
}

const NAMES: Readonly<Record<ShortcutAction, string>> = {
  live: texts.keyboard.live,
  pause: texts.keyboard.pause,
  mute: texts.keyboard.mute,
  room: texts.keyboard.room,
  copy: texts.keyboard.copy,
  end: texts.keyboard.end,
  louder: texts.keyboard.volume,
  softer: texts.keyboard.volume,
  help: texts.keyboard.help,
};

export function ShortcutsDialog({ settings, onClose }: Props) {
  const { singleKeys } = settings.values.value;
  return (
    <Modal title={texts.keyboard.title} onClose={onClose}>
      <dl class="shortcuts">
        {SHORTCUTS.filter(({ action }) => action !== "softer").map(({ keys, action }) => (
          <div key={action}>
            <dt>
              <kbd>{keys[0]}</kbd>
              {action === "louder" && <kbd>−</kbd>}
            </dt>
            <dd>{NAMES[action]}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={singleKeys} onChange={() => settings.change({ singleKeys: !singleKeys })} />
        <span>
          {texts.keyboard.enabled}
          <span class="hint">{texts.keyboard.enabledHint}</span>
        </span>
      </label>
    </Modal>
  );
}
