/** Speakers' accounts in a Cognito user pool: every call the speaker's app makes of it, and what can go wrong in words of ours. */
import {
  CognitoIdentityProviderClient,
  CognitoIdentityProviderServiceException,
  ConfirmForgotPasswordCommand,
  ConfirmSignUpCommand,
  ForgotPasswordCommand,
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  ResendConfirmationCodeCommand,
  RespondToAuthChallengeCommand,
  type RespondToAuthChallengeCommandOutput,
  RevokeTokenCommand,
  SignUpCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { AccountError, type AccountProblem, type SignInAnswer, type SpeakerPool, type Tokens } from "./account.js";

/** Where the pool is. */
export interface PoolAddress {
  readonly region: string;
  readonly userPoolClientId: string;
  /** Replaces AWS's own endpoint, for a system on one machine; null on AWS. */
  readonly awsEndpointUrl: string | null;
}

/** What each of Cognito's errors means here; what is not listed is `unexpected`. */
const PROBLEMS: Readonly<Record<string, AccountProblem>> = {
  NotAuthorizedException: "wrong-credentials",
  UserNotFoundException: "wrong-credentials",
  UserNotConfirmedException: "not-confirmed",
  PasswordResetRequiredException: "password-reset-required",
  InvalidPasswordException: "weak-password",
  PasswordHistoryPolicyViolationException: "weak-password",
  UsernameExistsException: "account-exists",
  CodeMismatchException: "wrong-code",
  ExpiredCodeException: "expired-code",
  CodeDeliveryFailureException: "code-not-sent",
  InvalidParameterException: "invalid-input",
  LimitExceededException: "too-many-attempts",
  TooManyRequestsException: "too-many-attempts",
  TooManyFailedAttemptsException: "too-many-attempts",
};

/** A user pool with e-mail addresses as names and the `USER_PASSWORD_AUTH` flow. */
export class CognitoPool implements SpeakerPool {
  readonly #client: CognitoIdentityProviderClient;
  readonly #clientId: string;

  constructor(address: PoolAddress) {
    this.#clientId = address.userPoolClientId;
    this.#client = new CognitoIdentityProviderClient({
      region: address.region,
      ...(address.awsEndpointUrl === null ? {} : { endpoint: address.awsEndpointUrl }),
      maxAttempts: 3,
    });
  }

  async signIn(email: string, password: string): Promise<SignInAnswer> {
    const answer = await explained(
      this.#client.send(
        new InitiateAuthCommand({
          AuthFlow: "USER_PASSWORD_AUTH",
          ClientId: this.#clientId,
          AuthParameters: { USERNAME: email, PASSWORD: password },
        }),
      ),
    );
    return readAnswer(answer);
  }

  async answerNewPassword(email: string, newPassword: string, challenge: string): Promise<SignInAnswer> {
    const answer = await explained(
      this.#client.send(
        new RespondToAuthChallengeCommand({
          ChallengeName: "NEW_PASSWORD_REQUIRED",
          ClientId: this.#clientId,
          Session: challenge,
          ChallengeResponses: { USERNAME: email, NEW_PASSWORD: newPassword },
        }),
      ),
      { NotAuthorizedException: "expired-code" },
    );
    return readAnswer(answer);
  }

  async refresh(refreshToken: string): Promise<Tokens> {
    const answer = await explained(
      this.#client.send(
        new InitiateAuthCommand({
          AuthFlow: "REFRESH_TOKEN_AUTH",
          ClientId: this.#clientId,
          AuthParameters: { REFRESH_TOKEN: refreshToken },
        }),
      ),
      { NotAuthorizedException: "signed-out", UserNotFoundException: "signed-out" },
    );
    return readTokens(answer, refreshToken);
  }

  async signOut(refreshToken: string): Promise<void> {
    await explained(this.#client.send(new RevokeTokenCommand({ ClientId: this.#clientId, Token: refreshToken })));
  }

  async signUp(email: string, password: string): Promise<"confirmed" | "code-sent"> {
    const answer = await explained(
      this.#client.send(
        new SignUpCommand({
          ClientId: this.#clientId,
          Username: email,
          Password: password,
          UserAttributes: [{ Name: "email", Value: email }],
        }),
      ),
      { NotAuthorizedException: "sign-up-closed" },
    );
    return answer.UserConfirmed === true ? "confirmed" : "code-sent";
  }

  async confirmSignUp(email: string, code: string): Promise<void> {
    await explained(
      this.#client.send(
        new ConfirmSignUpCommand({ ClientId: this.#clientId, Username: email, ConfirmationCode: code }),
      ),
    );
  }

  async resendCode(email: string): Promise<void> {
    await explained(
      this.#client.send(new ResendConfirmationCodeCommand({ ClientId: this.#clientId, Username: email })),
    );
  }

  async forgotPassword(email: string): Promise<void> {
    await explained(this.#client.send(new ForgotPasswordCommand({ ClientId: this.#clientId, Username: email })));
  }

  async confirmForgotPassword(email: string, code: string, newPassword: string): Promise<void> {
    await explained(
      this.#client.send(
        new ConfirmForgotPasswordCommand({
          ClientId: this.#clientId,
          Username: email,
          ConfirmationCode: code,
          Password: newPassword,
        }),
      ),
    );
  }
}

/** Turn Cognito's errors into ours; `special` tells where an error means something else for this call. */
async function explained<T>(call: Promise<T>, special: Readonly<Record<string, AccountProblem>> = {}): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CognitoIdentityProviderServiceException) {
      throw new AccountError(special[error.name] ?? PROBLEMS[error.name] ?? serverProblem(error), { cause: error });
    }
    throw new AccountError("unreachable", { cause: error });
  }
}

function serverProblem(error: CognitoIdentityProviderServiceException): AccountProblem {
  return error.$fault === "server" ? "unreachable" : "unexpected";
}

function readAnswer(answer: InitiateAuthCommandOutput | RespondToAuthChallengeCommandOutput): SignInAnswer {
  if (answer.AuthenticationResult !== undefined) {
    return { kind: "signed-in", tokens: readTokens(answer) };
  }
  if (answer.ChallengeName === "NEW_PASSWORD_REQUIRED" && answer.Session !== undefined) {
    return { kind: "new-password", challenge: answer.Session };
  }
  throw new AccountError("unsupported-challenge");
}

/** @param refreshToken - The one that was used; the answer has another one only where the pool rotates them. */
function readTokens(
  answer: InitiateAuthCommandOutput | RespondToAuthChallengeCommandOutput,
  refreshToken?: string,
): Tokens {
  const { AccessToken, ExpiresIn, RefreshToken = refreshToken } = answer.AuthenticationResult ?? {};
  if (AccessToken === undefined || ExpiresIn === undefined || RefreshToken === undefined) {
    throw new AccountError("unexpected");
  }
  return { accessToken: AccessToken, expiresInS: ExpiresIn, refreshToken: RefreshToken };
}
