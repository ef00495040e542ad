import { randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { consentContent } from '../../../api/enrollments/create-enrollment.ts';
import type { EnrollmentResult } from '../../../workflows/consent-to-enrollment/types.ts';
import { TASK_QUEUE, WORKFLOW_TYPE, workflowIdOf } from '../../../workflows/consent-to-enrollment/messages.ts';
import { searchAttributes } from '../../../workflows/search-attributes.ts';
import { PRODUCTION_TIMING } from '../../../workflows/timing.ts';
import type { BenchStudy } from '../study.ts';
import type { BenchSystem } from '../system.ts';

export type OurSide = {
  /** Enrols this person, from start to result. */
  run(patientId: string): Promise<void>;
  workflowIdOf(patientId: string): string;
};

/** `consentToEnrollment` as the API starts it, with its search attributes, its texts, and what it signs for the person. */
export async function ourSide(at: BenchSystem, study: BenchStudy): Promise<OurSide> {
  const { client, channels } = at.system;
  const { studyId, siteId, codes } = study;
  const actor = { id: 'bench-clinician', name: 'Bench clinician', role: 'clinician' as const };
  const authority = { operation: 'createEnrollment' as const, grant: { scope: 'site' as const, siteIds: [siteId] } };
  const ctx = { actor: { kind: 'user' as const, ...actor }, requestId: 'bench', authority };
  const asked = { studyId, siteId, patientId: uuidv7(), requestKey: 'bench', contentHash: 'bench' };
  const { protocol } = await again(() => channels.clientsOf('api').study.checkAdmission({ ctx, input: asked }));
  if (!protocol) throw new Error('the study of the bench is not open for admission');
  const idOf = (patientId: string) => workflowIdOf({ studyCode: codes.study, patientId });
  return {
    workflowIdOf: idOf,
    run: async (patientId) => {
      const key = randomUUID();
      const enrollmentId = uuidv7();
      const body = study.body(patientId);
      const authentication = { authTime: Math.floor(Date.now() / 1000), components: 'one' as const };
      const assertion = await at.assert({ actor, operation: 'createEnrollment', about: enrollmentId, key, content: consentContent(body), authentication });
      const input = {
        ...body, enrollmentId, studyCode: codes.study, siteCode: codes.site, requestKey: key, contentHash: key,
        protocol, actor, requestId: 'bench', assertion, timing: PRODUCTION_TIMING,
      };
      const result = (await client.workflow.execute(WORKFLOW_TYPE, {
        workflowId: idOf(patientId),
        taskQueue: TASK_QUEUE,
        args: [input],
        typedSearchAttributes: [
          { key: searchAttributes.enrollmentId, value: enrollmentId },
          { key: searchAttributes.stage, value: 'consent' },
          { key: searchAttributes.studyCode, value: codes.study },
          { key: searchAttributes.siteCode, value: codes.site },
          { key: searchAttributes.needsAttention, value: false },
        ],
        staticSummary: `Consent to enrollment: ${codes.study} at ${codes.site}`,
      })) as EnrollmentResult;
      if (result.outcome !== 'active') throw new Error(`an enrollment of the bench ended as ${result.outcome}`);
    },
  };
}

/** On a busy machine a first read may miss its deadline. */
async function again<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}
