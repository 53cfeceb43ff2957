/** The admin's first page. */
import type { FC } from "hono/jsx";
import { COUNT_MAX, type HomeNews } from "../../../admin/home/reads.ts";
import { Row } from "../../account/rows.tsx";
import { Icon } from "../../icons.tsx";
import { Done, day } from "../../parts.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { type Series, Sketch } from "./numbers.tsx";
import { PlanLines, PlanSentence, type PlanSummary } from "./plan.tsx";

/** Something that is not as it should be. */
export interface Concern {
  what: string;
  todo: string;
  /** Where to do it. */
  path?: string;
}

const many = (count: number): string => (count >= COUNT_MAX ? `${COUNT_MAX} or more` : String(count));

interface HomeProps extends DeskFrame {
  news: HomeNews;
  concerns: Concern[];
  series: Series[];
  plan: PlanSummary;
}

export const HomePage: FC<HomeProps> = (props) => {
  const { news, concerns, series, plan, host, to } = props;
  return (
    <DeskPage {...props} title={host.name}>
      {concerns.length === 0 ? (
        <Done
          message={
            news.reports.open === 0
              ? "All is well: there is nothing that you have to do."
              : "All is well with the host. Reports wait for you."
          }
        />
      ) : (
        concerns.map((concern) => <ConcernNotice concern={concern} to={to} />)
      )}
      <News news={news} isApproving={host.registration === "approval"} to={to} />
      <section>
        <h2>The newest members</h2>
        {news.newest.length === 0 ? (
          <p class="lead">
            Nobody is here yet. Make an invite, and send its link to whom you want to have here.
          </p>
        ) : (
          <div class="rows">
            {news.newest.map((member) => (
              <Row
                href={to(`/admin/members/${member.did}`)}
                title={`@${member.handle}`}
                at={`Came on ${day(member.createdAt)}`}
              />
            ))}
          </div>
        )}
      </section>
      <section>
        <h2>Today, beside the plan</h2>
        <PlanSentence summary={plan} />
        <PlanLines lines={plan.lines} plan={plan.plan} />
        <p class="lead">
          <a href={to("/admin/plan")}>All that is used and kept, and what it costs</a>
        </p>
      </section>
      <LastMonth series={series} to={to} />
    </DeskPage>
  );
};

type WayProps = Pick<DeskFrame, "to">;

const News: FC<WayProps & { news: HomeNews; isApproving: boolean }> = ({ news, isApproving, to }) => (
  <section>
    <h2>{news.since === null ? "New" : `Since you were here last, ${day(news.since)}`}</h2>
    <div class="tiles">
      <Tile href={to("/admin/members")} count={news.members} words={["new member", "new members"]} />
      <Tile href={to("/admin/reports")} count={news.reports.recent} words={["new report", "new reports"]} />
      <Tile href={to("/admin/reports")} count={news.reports.open} words={["open report", "open reports"]} />
      {isApproving || news.requests > 0 ? (
        <Tile
          href={to("/admin/requests")}
          count={news.requests}
          words={["request to join", "requests to join"]}
        />
      ) : null}
      {news.reports.escalated === 0 ? null : (
        <Tile
          href={to("/admin/reports")}
          count={news.reports.escalated}
          words={["report for owners", "reports for owners"]}
        />
      )}
    </div>
  </section>
);

const LastMonth: FC<WayProps & { series: Series[] }> = ({ series, to }) =>
  series.length === 0 ? null : (
    <section>
      <h2>The last month</h2>
      <div class="plots">
        {series.map((one) => (
          <figure class="card">
            <Sketch {...one} />
          </figure>
        ))}
      </div>
      <p class="lead">
        <a href={to("/admin/numbers")}>More numbers, by week, month and year, and as tables</a>
      </p>
    </section>
  );

const ConcernNotice: FC<{ concern: Concern; to: (path: string) => string }> = ({ concern, to }) => (
  <div class="notice bad" role="status">
    <Icon name="alert" />
    <div>
      <p>{concern.what}</p>
      <p>{concern.path === undefined ? concern.todo : <a href={to(concern.path)}>{concern.todo}</a>}</p>
    </div>
  </div>
);

const Tile: FC<{ href: string; count: number; words: readonly [one: string, many: string] }> = ({
  href,
  count,
  words: [one, several],
}) => (
  <a href={href}>
    <b>{many(count)}</b>
    <span>{count === 1 ? one : several}</span>
  </a>
);

/** The home page of a member who may only invite. */
export const InviterHome: FC<DeskFrame> = (props) => (
  <DeskPage {...props} title={props.host.name} lead="Your role lets you invite people.">
    <div class="rows">
      <Row href={props.to("/admin/invites")} title="Invites" at="Make links, and see who came by them" />
    </div>
  </DeskPage>
);
