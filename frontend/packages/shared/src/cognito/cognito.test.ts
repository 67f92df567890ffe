import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AccountError } from "./account.js";
import { CognitoPool } from "./cognito.js";

/** Answers as Cognito does on the wire: JSON 1.1 by operation; errors carry their name in `__type`. */
class ScriptedCognito {
  readonly requests: { operation: string; body: Record<string, unknown> }[] = [];
  answer: { status: number; body: object } = { status: 200, body: {} };
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void read(request).then((text) => {
        const target = String(request.headers["x-amz-target"]);
        const body = JSON.parse(text) as Record<string, unknown>;
        this.requests.push({ operation: target.replace("AWSCognitoIdentityProviderService.", ""), body });
        response.writeHead(this.answer.status, { "content-type": "application/x-amz-json-1.1" });
        response.end(JSON.stringify(this.answer.body));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  refuse(type: string): void {
    this.answer = { status: 400, body: { __type: type, message: "words nobody decides from" } };
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) {
    text += String(piece);
  }
  return text;
}

const RESULT = { AccessToken: "access", ExpiresIn: 3_600, RefreshToken: "refresh", TokenType: "Bearer", IdToken: "id" };
const cognito = new ScriptedCognito();
let pool: CognitoPool;

beforeAll(async () => {
  const awsEndpointUrl = await cognito.listen();
  pool = new CognitoPool({ region: "eu-central-1", userPoolClientId: "client", awsEndpointUrl });
});

afterAll(() => {
  cognito.close();
});

beforeEach(() => {
  cognito.requests.length = 0;
  cognito.answer = { status: 200, body: {} };
});

async function problem(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  return error instanceof AccountError ? error.problem : "no AccountError";
}

describe("signing in", () => {
  it("gives tokens", async () => {
    cognito.answer = { status: 200, body: { AuthenticationResult: RESULT, ChallengeParameters: {} } };
    expect(await pool.signIn("a@b.example", "secret")).toEqual({
      kind: "signed-in",
      tokens: { accessToken: "access", expiresInS: 3_600, refreshToken: "refresh" },
    });
    expect(cognito.requests).toEqual([
      {
        operation: "InitiateAuth",
        body: {
          AuthFlow: "USER_PASSWORD_AUTH",
          AuthParameters: { USERNAME: "a@b.example", PASSWORD: "secret" },
          ClientId: "client",
        },
      },
    ]);
  });

  it("asks for a password of one's own where an operator has chosen the first", async () => {
    cognito.answer = { status: 200, body: { ChallengeName: "NEW_PASSWORD_REQUIRED", Session: "session" } };
    expect(await pool.signIn("a@b.example", "first")).toEqual({ kind: "new-password", challenge: "session" });
    cognito.answer = { status: 200, body: { AuthenticationResult: RESULT } };
    expect((await pool.answerNewPassword("a@b.example", "own", "session")).kind).toBe("signed-in");
    expect(cognito.requests[1]).toEqual({
      operation: "RespondToAuthChallenge",
      body: {
        ChallengeName: "NEW_PASSWORD_REQUIRED",
        ChallengeResponses: { USERNAME: "a@b.example", NEW_PASSWORD: "own" },
        ClientId: "client",
        Session: "session",
      },
    });
  });

  it("says what it cannot do", async () => {
    cognito.answer = { status: 200, body: { ChallengeName: "SOFTWARE_TOKEN_MFA", Session: "session" } };
    expect(await problem(pool.signIn("a@b.example", "secret"))).toBe("unsupported-challenge");
  });

  it("refreshes, with the token it has or the new one it gets", async () => {
    cognito.answer = { status: 200, body: { AuthenticationResult: { AccessToken: "next", ExpiresIn: 300 } } };
    expect(await pool.refresh("old")).toEqual({ accessToken: "next", expiresInS: 300, refreshToken: "old" });
    cognito.answer = { status: 200, body: { AuthenticationResult: RESULT } };
    expect((await pool.refresh("old")).refreshToken).toBe("refresh");
  });
});

it("signs up where the pool allows it, and confirms by a code", async () => {
  cognito.answer = { status: 200, body: { UserConfirmed: false, UserSub: "sub" } };
  expect(await pool.signUp("a@b.example", "secret")).toBe("code-sent");
  expect(cognito.requests[0]?.body["UserAttributes"]).toEqual([{ Name: "email", Value: "a@b.example" }]);
  cognito.answer = { status: 200, body: { UserConfirmed: true, UserSub: "sub" } };
  expect(await pool.signUp("a@b.example", "secret")).toBe("confirmed");
  cognito.answer = { status: 200, body: {} };
  await pool.confirmSignUp("a@b.example", "123456");
  await pool.resendCode("a@b.example");
  await pool.forgotPassword("a@b.example");
  await pool.confirmForgotPassword("a@b.example", "123456", "another");
  await pool.signOut("refresh");
  expect(cognito.requests.slice(2).map((request) => request.operation)).toEqual([
    "ConfirmSignUp",
    "ResendConfirmationCode",
    "ForgotPassword",
    "ConfirmForgotPassword",
    "RevokeToken",
  ]);
});

describe("what goes wrong", () => {
  it.each([
    ["NotAuthorizedException", "wrong-credentials"],
    ["UserNotFoundException", "wrong-credentials"],
    ["UserNotConfirmedException", "not-confirmed"],
    ["PasswordResetRequiredException", "password-reset-required"],
    ["SomethingNewException", "unexpected"],
  ])("signing in: %s is %s", async (type, expected) => {
    cognito.refuse(type);
    expect(await problem(pool.signIn("a@b.example", "secret"))).toBe(expected);
  });

  it("is told apart by the call it happened in", async () => {
    cognito.refuse("NotAuthorizedException");
    expect(await problem(pool.refresh("old"))).toBe("signed-out");
    expect(await problem(pool.signUp("a@b.example", "secret"))).toBe("sign-up-closed");
    expect(await problem(pool.answerNewPassword("a@b.example", "own", "session"))).toBe("expired-code");
    cognito.refuse("UsernameExistsException");
    expect(await problem(pool.signUp("a@b.example", "secret"))).toBe("account-exists");
    cognito.refuse("InvalidPasswordException");
    expect(await problem(pool.signUp("a@b.example", "secret"))).toBe("weak-password");
    cognito.refuse("CodeMismatchException");
    expect(await problem(pool.confirmSignUp("a@b.example", "000000"))).toBe("wrong-code");
    cognito.refuse("LimitExceededException");
    expect(await problem(pool.forgotPassword("a@b.example"))).toBe("too-many-attempts");
  });

  it("may be the network", async () => {
    const nowhere = new CognitoPool({
      region: "eu-central-1",
      userPoolClientId: "client",
      awsEndpointUrl: "http://127.0.0.1:9",
    });
    expect(await problem(nowhere.signIn("a@b.example", "secret"))).toBe("unreachable");
  });
});
