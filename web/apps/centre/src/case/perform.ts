/** Taking an action: pictures first, then the action with the version the person saw. */
import { api, ask, queries, toProblem, uploadEvidence, type ActionView, type CaseView, type Problem } from "@dipper/api";
import { splitAnswers, type Answers } from "@dipper/ui";

/** How an action went. */
export type Outcome = { readonly done: CaseView } | { readonly problem: Problem };

/**
 * Takes an action. The case that comes back, or on a conflict the case as it is now, is put in place of the old one.
 */
export async function perform(view: CaseView, action: ActionView, answers: Answers): Promise<Outcome> {
  const { body, photos } = splitAnswers(action.fields, answers);
  try {
    for (const photo of photos) {
      const { id } = await uploadEvidence(photo.blob);
      body[photo.field] = [...((body[photo.field] as string[] | undefined) ?? []), id];
    }
    const done = await ask(
      api.POST("/api/v1/cases/{id}/actions/{action}", {
        params: { path: { id: view.id, action: action.id } },
        body: { version: view.version, answers: body },
      }),
    );
    refresh(done);
    return { done };
  } catch (cause) {
    const problem = toProblem(cause);
    if (problem.status === 409) for (const key of [view.id, view.no]) queries.invalidate(`case/${key}`);
    return { problem };
  }
}

function refresh(view: CaseView): void {
  for (const key of [view.id, view.no]) {
    queries.put(`case/${key}`, view);
    queries.invalidate(`case/${key}/events`);
  }
  for (const list of ["cases", "queues", "map"]) queries.invalidate(list);
}
