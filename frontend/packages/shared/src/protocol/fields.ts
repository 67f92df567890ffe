/** A message or an answer is not of the form that docs/protocol.md gives it. The text never holds a value. */
export class MalformedError extends Error {
  override name = "MalformedError";
}

/** Typed access to the members of a JSON object; unknown members are never looked at. */
export class Fields {
  readonly #members: Readonly<Record<string, unknown>>;

  /**
   * @param value - What `JSON.parse` gave.
   * @throws {@link MalformedError} when it is not an object.
   */
  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new MalformedError("not an object");
    }
    this.#members = value as Readonly<Record<string, unknown>>;
  }

  /** Whether the member is there and not null. */
  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  text(name: string): string {
    const value = this.#members[name];
    return typeof value === "string" ? value : this.#wrong(name);
  }

  textOrNull(name: string): string | null {
    return this.has(name) ? this.text(name) : null;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    return choices.find((choice) => choice === value) ?? this.#wrong(name);
  }

  number(name: string): number {
    const value = this.#members[name];
    return typeof value === "number" && Number.isFinite(value) ? value : this.#wrong(name);
  }

  integer(name: string): number {
    const value = this.number(name);
    return Number.isSafeInteger(value) ? value : this.#wrong(name);
  }

  integerOrNull(name: string): number | null {
    return this.has(name) ? this.integer(name) : null;
  }

  truth(name: string, otherwise?: boolean): boolean {
    if (otherwise !== undefined && !this.has(name)) return otherwise;
    const value = this.#members[name];
    return typeof value === "boolean" ? value : this.#wrong(name);
  }

  list(name: string): readonly unknown[] {
    const value = this.#members[name];
    return Array.isArray(value) ? (value as readonly unknown[]) : this.#wrong(name);
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((item) => (typeof item === "string" ? item : this.#wrong(name)));
  }

  /** A member that maps names to whole numbers. */
  counts(name: string): Readonly<Record<string, number>> {
    const value = this.#members[name];
    const counts = new Fields(value);
    return Object.fromEntries(Object.keys(value as object).map((key) => [key, counts.integer(key)]));
  }

  #wrong(name: string): never {
    throw new MalformedError(`${name} is missing or of the wrong type`);
  }
}
