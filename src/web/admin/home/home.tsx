/** The first page: whether all is well, what is new, and what the host uses. */
import { planUse } from "../../../lifecycle/numbers/month.ts";
import { relaysOf } from "../../../lifecycle/relays.ts";
import { readFollowing } from "../../../lifecycle/status.ts";
import { troubleOf } from "../../host/status-words.ts";
import { type Concern, HomePage, InviterHome } from "../../pages/admin/home/home.tsx";
import { counted } from "../../pages/words.ts";
import { type DeskPage, type DeskVisit, shown } from "../desk.tsx";
import { seriesOf } from "./numbers.tsx";
import { planConcerns, summaryOf } from "./plan.tsx";
import { type HomeNews, readNews } from "./reads.ts";

export const home: DeskPage = {
  may: ["owner", "moderator", "inviter"],
  show: async (visit, said) => {
    if (visit.role === "inviter") return shown(visit, said, (frame) => <InviterHome {...frame} />);
    const { news, ...rest } = await look(visit);
    // One day makes no line.
    const series = seriesOf(news.numbers.days, true).filter(({ points }) => points.length > 1);
    return shown(visit, said, (frame) => <HomePage {...frame} news={news} series={series} {...rest} />);
  },
  steps: {},
};

async function look({ services, member, role }: DeskVisit) {
  const { env } = services;
  const [news, following] = await Promise.all([
    readNews(env.DIRECTORY, member.did, relaysOf(env)),
    env.APPVIEW === "local" ? readFollowing(services) : null,
  ]);
  const { firehose } = following ?? { firehose: await services.sequencer().status() };
  const trouble = following === null ? null : troubleOf(following);
  const use = planUse(news.numbers.days, { at: Date.now(), firehose, ...news.numbers });
  const concerns: Concern[] = [
    ...(trouble === null
      ? []
      : [{ what: trouble, todo: "The status page has the figures behind it.", path: "/status" }]),
    ...concernsOf(news, role === "owner"),
    ...planConcerns(use, env.PLAN, env.SHORT),
  ];
  return { news, concerns, plan: summaryOf(use, env.PLAN) };
}

function concernsOf(news: HomeNews, isOwner: boolean): Concern[] {
  const { stuck, isSettingUp, unsent, relays, findings } = news;
  const concerns: Concern[] = [];
  if (isSettingUp && isOwner)
    concerns.push({ what: "Set-up is not finished.", todo: "Go on with it.", path: "/setup" });
  if (stuck > 0)
    concerns.push({
      what: `${counted(stuck, "change")} of accounts could not be finished for some minutes.`,
      todo: "The host goes on trying by itself. If it lasts, a service such as the PLC directory is away: its log says which.",
    });
  if (unsent > 0)
    concerns.push({
      what: `${counted(unsent, "mail")} could not be sent in the last hour.`,
      todo: isOwner
        ? "Look at what could not be sent, and pass the codes on by other means."
        : "An owner can pass the codes on by other means.",
      ...(isOwner ? { path: "/admin/mail" } : {}),
    });
  for (const { origin, outcome } of relays)
    concerns.push({
      what: `The relay ${new URL(origin).hostname} did not accept this host when it was last asked: ${outcome}.`,
      todo: "People elsewhere may not see new posts. The host asks again every twenty minutes.",
    });
  for (const { origin, known, missing } of findings)
    if (missing > 0)
      concerns.push({
        what: `The relay ${new URL(origin).hostname} does not know ${missing} of ${known + missing} members: people elsewhere do not see what they post.`,
        todo: "There is a text to send to whoever runs it.",
        path: "/admin/relays",
      });
  return concerns;
}
