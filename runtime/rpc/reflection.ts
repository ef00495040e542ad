import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import { ServerReflection, type ServerReflectionRequest } from '../../services/common/rpc/standard/reflection_pb.js';

/**
 * `grpc.reflection.v1`: what this server has, so that clients such as grpcurl work without our .proto files. A file is
 * answered with all that it imports. Extensions are not looked up by number (UNIMPLEMENTED).
 */
export function reflectionOf(services: readonly DescService[]): (router: ConnectRouter) => void {
  const files = withImports([...services, ServerReflection].map(({ file }) => file));
  return (router) => {
    router.service(ServerReflection, {
      serverReflectionInfo: async function* (requests) {
        for await (const request of requests) {
          yield { validHost: request.host, originalRequest: request, messageResponse: answer(request, services, files) };
        }
      },
    });
  };
}

type Answered =
  | { case: 'listServicesResponse'; value: { service: { name: string }[] } }
  | { case: 'fileDescriptorResponse'; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: 'errorResponse'; value: { errorCode: number; errorMessage: string } };

function answer({ messageRequest }: ServerReflectionRequest, services: readonly DescService[], files: DescFile[]): Answered {
  switch (messageRequest.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: [...services, ServerReflection].map(({ typeName }) => ({ name: typeName })) } };
    case 'fileByFilename':
      return fileAnswer(files.find(({ proto }) => proto.name === messageRequest.value));
    case 'fileContainingSymbol':
      return fileAnswer(files.find((file) => declares(file, messageRequest.value)));
    default:
      return refusal(Code.Unimplemented, 'not looked up here');
  }
}

function fileAnswer(file: DescFile | undefined): Answered {
  if (!file) return refusal(Code.NotFound, 'no such file or symbol');
  const fileDescriptorProto = withImports([file]).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function refusal(errorCode: number, errorMessage: string): Answered {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}

/** The files with all that they import, each once. */
function withImports(roots: readonly DescFile[]): DescFile[] {
  const seen = new Set<DescFile>();
  const visit = (file: DescFile) => {
    if (seen.has(file)) return;
    seen.add(file);
    file.dependencies.forEach(visit);
  };
  roots.forEach(visit);
  return [...seen];
}

/** Is it a service, method, message, enum or extension of this file? */
function declares(file: DescFile, symbol: string): boolean {
  const { services, messages, enums, extensions } = file;
  const methods = services.flatMap(({ typeName, methods: all }) => all.map(({ name }) => `${typeName}.${name}`));
  const types = [...services, ...messages, ...enums, ...extensions].map(({ typeName }) => typeName);
  return types.includes(symbol) || methods.includes(symbol) || messages.some((message) => symbol.startsWith(`${message.typeName}.`));
}
