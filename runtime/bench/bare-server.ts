import { createServer, type ServerHttp2Session } from 'node:http2';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { connectDatabase } from '../../db/index.ts';
import { PatientService } from '../../services/patient/patient_pb.js';
import { findPerson } from '../../services/patient/person-view.ts';
import { closed, listening } from './loopback.ts';
import type { BenchSystem } from './system.ts';

/** Connect's own server and the query that the Patient service makes; no token, no conversion, no masking. */
export async function startBareServer(at: BenchSystem): Promise<{ url: string; stop(): Promise<void> }> {
  const db = connectDatabase({ url: at.adminUrl, schema: 'patient', secrets: at.secrets });
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(PatientService, {
        getPatient: async ({ patientId }) => {
          const row = await findPerson(db, db.orm, patientId);
          if (!row) throw new Error('the bench registered it');
          const { id, name, siteIds, version, createdAt } = row;
          return { patient: { id, name, siteIds, version, createdAt: createdAt.toISOString() } };
        },
      });
    },
    acceptCompression: [],
  });
  const server = createServer(adapter);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => sessions.add(session));
  const url = await listening(server);
  return {
    url,
    stop: async () => {
      for (const session of sessions) session.destroy();
      await closed(server);
      await db.close();
    },
  };
}
