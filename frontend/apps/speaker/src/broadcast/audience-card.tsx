import type { LanguageList } from "../session/languages.js";
import type { LiveSession } from "../session/live-session.js";
import { interfaceLanguage, texts } from "../texts.js";

interface Props {
  live: LiveSession;
  languages: LanguageList;
}

const SECONDS = new Intl.NumberFormat(interfaceLanguage, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Who listens, language by language, and how far behind. */
export function AudienceCard({ live, languages }: Props) {
  const audience = live.broadcast.audience.value;
  const count = audience?.listenerCount ?? 0;
  const rows = Object.entries(audience?.listenersByLanguage ?? {})
    .filter(([, listeners]) => listeners > 0)
    .sort(([a, many], [b, few]) => few - many || a.localeCompare(b));
  const most = rows[0]?.[1] ?? 1;
  return (
    <section class="card audience" aria-labelledby="audience" data-listeners={count}>
      <h2 id="audience">{texts.audience.title}</h2>
      <p class="count">{count === 0 ? texts.audience.none : texts.audience.count(count)}</p>
      {rows.length > 0 && (
        <ul class="audience-languages">
          {rows.map(([code, listeners]) => (
            <li key={code} data-language={code}>
              <bdi lang={code}>{languages.nativeName(code)}</bdi>
              <meter min={0} max={most} value={listeners} aria-hidden="true" />
              <span class="number">{listeners}</span>
            </li>
          ))}
        </ul>
      )}
      {count > 0 && (
        <p class="delay">
          {texts.audience.delay}:{" "}
          <strong data-delay={audience?.delayMs}>
            {audience?.delayMs === undefined
              ? texts.audience.unknown
              : texts.audience.delayValue(SECONDS.format(audience.delayMs / 1_000))}
          </strong>
        </p>
      )}
    </section>
  );
}
