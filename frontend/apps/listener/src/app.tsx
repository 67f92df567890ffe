import type { Config } from "@babelcast/shared/config";
import { useEffect, useState } from "preact/hooks";
import { JoinPage, type Joining } from "./pages/join-page";
import { ListenPage } from "./pages/listen-page";
import { ProjectorPage } from "./pages/projector-page";
import { useFocusOnChange } from "@babelcast/shared/focus-on-change";
import { readRoute, sessionAddress } from "./route";
import { Listening } from "./session/listening";
import { forget, recall, type SessionMemory } from "./session/memory";
import { explainFailure } from "./session/failure";
import type { Offer } from "./session/offer";
import { useOfferSearch } from "./session/offer-search";
import { applyAppearance, settings } from "./settings";
import { t } from "./t";

/** Chooses the page by the address; changes with it. */
export function App({ config }: { config: Config }) {
  const [address, setAddress] = useState(location.href);
  useEffect(() => {
    const onChange = (): void => setAddress(location.href);
    addEventListener("hashchange", onChange);
    addEventListener("popstate", onChange);
    return () => {
      removeEventListener("hashchange", onChange);
      removeEventListener("popstate", onChange);
    };
  }, []);
  const appearance = settings.values.value;
  useEffect(() => applyAppearance(appearance), [appearance]);
  const route = readRoute(address);
  if (route.page === "projector") return <ProjectorPage key={address} config={config} {...route} />;
  return <Attendance key={address} config={config} sessionId={route.sessionId} joinKey={route.joinKey} />;
}

interface AttendanceProps {
  config: Config;
  sessionId: string | undefined;
  joinKey: string | undefined;
}

interface Attending {
  readonly listening: Listening;
  readonly offer: Offer | undefined;
}

/** Joining, listening and leaving; a page that was loaded again goes on listening. */
function Attendance({ config, sessionId, joinKey }: AttendanceProps) {
  const [attending, setAttending] = useState<Attending | undefined>(() => {
    const memory = sessionId === undefined ? undefined : recall(sessionId);
    return memory && { listening: goOn(config, memory), offer: undefined };
  });
  const [refused, setRefused] = useState<{ reason: string; sessionId: string; joinKey: string | undefined }>();
  const listening = attending?.listening;
  const search = useOfferSearch(config, attending?.offer === undefined ? listening?.sessionId : undefined);
  const looked = search?.state.value;
  const offer = attending?.offer ?? (looked?.kind === "found" ? looked.offer : undefined);
  const reason = listening?.refusal.value ?? (looked?.kind === "failed" ? looked.code : undefined);
  useFocusOnChange(attending === undefined ? "join" : offer === undefined ? "looking" : "listen");

  useEffect(() => () => listening?.close(), [listening]);
  useEffect(() => {
    if (listening === undefined || reason === undefined) return;
    listening.close();
    forget();
    setRefused({ reason, sessionId: listening.sessionId, joinKey: listening.joinKey });
    setAttending(undefined);
  }, [listening, reason]);

  if (attending === undefined) {
    const join = ({ offer: chosen, language, joinKey: key, withSound }: Joining): void => {
      const { sessionId: id } = chosen.facts;
      const joined = new Listening(config, { sessionId: id, language, joinKey: key });
      if (withSound) joined.startSound(chosen.languageOf(language).nativeName);
      joined.start();
      history.replaceState(null, "", sessionAddress(location.href, id));
      setRefused(undefined);
      setAttending({ listening: joined, offer: chosen });
    };
    return (
      <JoinPage
        key={refused}
        config={config}
        sessionId={refused?.sessionId ?? sessionId}
        joinKey={refused?.joinKey ?? joinKey}
        refusal={refused?.reason}
        onJoin={join}
      />
    );
  }
  if (offer === undefined) {
    const trouble = looked?.kind === "looking" ? looked.trouble : undefined;
    return (
      <main class="listen" data-state="connecting">
        <p class="notice" role="status">
          {trouble === undefined ? t.looking : explainFailure(trouble)}
        </p>
      </main>
    );
  }
  const leave = (): void => {
    // Closed first, as a page that is left would remember where it was.
    attending.listening.close();
    forget();
    location.assign(new URL(location.pathname, location.href));
  };
  return <ListenPage listening={attending.listening} offer={offer} onLeave={leave} />;
}

function goOn(config: Config, memory: SessionMemory): Listening {
  const { sessionId, language, joinKey, withSound } = memory;
  const listening = new Listening(config, { sessionId, language, joinKey, memory });
  if (withSound) listening.startSound(language);
  listening.start();
  return listening;
}
