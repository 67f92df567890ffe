/** `config.json`, fetched from the app's own origin at start, so that one build serves every stage. */
import { Fields } from "./protocol/fields.js";

export interface Config {
  stage: string;
  region: string;
  /** Base of the HTTP API, without a trailing slash. */
  httpApiUrl: string;
  /** The WebSocket API with its stage, without a query. */
  webSocketUrl: string;
  userPoolId: string;
  userPoolClientId: string;
  /** Replaces AWS's own endpoints; null on AWS. */
  awsEndpointUrl: string | null;
  /** Page that listeners open, without a query. */
  listenerUrl: string;
}

/**
 * Fetches the configuration that lies beside the page.
 *
 * @throws Error when it is missing or lacks something.
 */
export async function loadConfig(address: URL | string = new URL("config.json", document.baseURI)): Promise<Config> {
  const response = await fetch(address, { cache: "no-cache" });
  if (!response.ok) throw new Error(`config.json is answered with status ${response.status}`);
  return parseConfig(await response.json());
}

/** @throws Error when a member is missing, of the wrong type, or no address. */
export function parseConfig(value: unknown): Config {
  const fields = new Fields(value);
  return {
    stage: fields.text("stage"),
    region: fields.text("region"),
    httpApiUrl: address(fields.text("httpApiUrl"), ["https:", "http:"]),
    webSocketUrl: address(fields.text("webSocketUrl"), ["wss:", "ws:"]),
    userPoolId: fields.text("userPoolId"),
    userPoolClientId: fields.text("userPoolClientId"),
    awsEndpointUrl: fields.has("awsEndpointUrl") ? address(fields.text("awsEndpointUrl"), ["https:", "http:"]) : null,
    listenerUrl: address(fields.text("listenerUrl"), ["https:", "http:"]),
  };
}

function address(text: string, schemes: readonly string[]): string {
  let scheme: string | undefined;
  try {
    scheme = new URL(text).protocol;
  } catch {
    // Not an address at all.
  }
  if (scheme === undefined || !schemes.includes(scheme)) {
    throw new Error(`config.json: not an address of ${schemes.join(" or ")}`);
  }
  return text.replace(/\/+$/, "");
}
