/** `POST /app/picture`: a picture of a post that is being written, made ready by the page's script. */
import { filesOf } from "../../../lifecycle/files/store.ts";
import { invalidRequest, isRefusal } from "../../../protocol/refusal.ts";
import { uploadBlob } from "../../../xrpc/blobs/upload.ts";
import type { MemberVisit } from "../visit.ts";

/** The largest picture (app.bsky.embed.images). */
const LARGEST = 1_000_000;

/** Answers the blob; another page than ours cannot know the token in the header. Refuses as uploadBlob does. */
export async function takePicture({ services, reader, request }: MemberVisit): Promise<Response> {
  const { did } = reader.member;
  const headers = { "cache-control": "no-store" };
  if (!reader.browser.isOurForm(request.headers.get("x-csrf"))) {
    return Response.json({ error: "Forbidden" }, { status: 403, headers });
  }
  try {
    if (!/^image\/(jpeg|png|webp)$/.test(request.headers.get("content-type") ?? "")) {
      throw invalidRequest("Not a picture");
    }
    const blob = await uploadBlob(filesOf(services.env), services.account(did), did, request, LARGEST);
    return Response.json({ blob }, { headers });
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    const { error, message, status } = thrown;
    return Response.json({ error, message }, { status, headers });
  }
}
