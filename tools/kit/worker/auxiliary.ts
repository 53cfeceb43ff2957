/**
 * The host's Worker for a project's own Miniflare or vitest: everything that a deploy runs, the outside
 * world, and databases that migrate themselves, since there is no launcher.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import worker from "../../../src/worker.ts";
import type { AccountStation } from "../../../src/protocol/account-station.ts";
import type { Bindings, Objects } from "../../../src/protocol/stations.ts";
import { migrate } from "../../../schema/migrate.ts";
import { APPVIEW_MIGRATIONS, DIRECTORY_MIGRATIONS } from "../../../schema/migrations.ts";
import { withCors } from "../../dev/outside/answers.ts";

export * from "../../../src/worker.ts";
export { OutsideObject } from "../../dev/outside/worker.ts";

interface AuxiliaryBindings extends Bindings<AccountStation> {
  OUTSIDE_OBJECT: Objects<{ fetch(request: Request): Promise<Response> }>;
}

/** The PLC directory at its root, the mailbox at `/mail`. */
export class Outside extends WorkerEntrypoint<AuxiliaryBindings> {
  override async fetch(request: Request): Promise<Response> {
    if (request.method === "OPTIONS") return withCors(new Response(null, { status: 204 }));
    return withCors(await this.env.OUTSIDE_OBJECT.getByName("outside").fetch(request));
  }
}

/**
 * Migrates both databases. Called for each request, since a test runner may empty the databases between two
 * tests.
 */
async function migrated({ DIRECTORY, APPVIEW_DB }: AuxiliaryBindings): Promise<void> {
  await Promise.all([migrate(DIRECTORY, DIRECTORY_MIGRATIONS), migrate(APPVIEW_DB, APPVIEW_MIGRATIONS)]);
}

export default {
  async fetch(request: Request, env: AuxiliaryBindings, context: ExecutionContext): Promise<Response> {
    await migrated(env);
    return worker.fetch(request, env, context);
  },
};
