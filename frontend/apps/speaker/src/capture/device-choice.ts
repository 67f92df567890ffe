/** Which microphone to use, as devices come and go. Pure. */

/** A microphone as the browser lists it; labels are empty until microphones may be used. */
export interface MicrophoneDevice {
  readonly deviceId: string;
  readonly label: string;
  /** The same for all parts of one physical device. */
  readonly groupId: string;
}

/** What the speaker chose; an empty `deviceId` is whatever the system prefers. */
export interface DevicePreference {
  readonly deviceId: string;
  /** Ids change when a browser forgets a site; the name then still tells. */
  readonly label: string;
}

export const SYSTEM_DEFAULT: DevicePreference = { deviceId: "", label: "" };

/** Names that browsers give to the entries that follow the system's choice. */
const ALIASES: ReadonlySet<string> = new Set(["default", "communications"]);

/** The devices themselves, without entries that only stand for one of them. */
export function listPhysical(devices: readonly MicrophoneDevice[]): MicrophoneDevice[] {
  return devices.filter((device) => !ALIASES.has(device.deviceId));
}

/** The device to open for a preference, or undefined for the system's choice, also where the preferred is not there. */
export function findPreferred(
  devices: readonly MicrophoneDevice[],
  preference: DevicePreference,
): MicrophoneDevice | undefined {
  if (preference.deviceId === "") return undefined;
  const physical = listPhysical(devices);
  return (
    physical.find((device) => device.deviceId === preference.deviceId) ??
    physical.find((device) => device.label !== "" && device.label === preference.label)
  );
}

/**
 * Whether another microphone should be opened now that the list of devices has changed: the preferred one has come back,
 * or the system prefers another one than before.
 *
 * @param current - The one that is open.
 */
export function shouldSwitch(
  devices: readonly MicrophoneDevice[],
  preference: DevicePreference,
  current: MicrophoneDevice,
): boolean {
  const preferred = findPreferred(devices, preference);
  if (preferred !== undefined) return preferred.deviceId !== current.deviceId;
  if (preference.deviceId !== "") return false;
  const standIn = devices.find((device) => device.deviceId === "default");
  return standIn !== undefined && standIn.groupId !== "" && standIn.groupId !== current.groupId;
}
