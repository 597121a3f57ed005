/**
 * The programs of the tour, in its order: each file shows one thing.
 */
import * as hello from './01-hello.ts';
import * as oneAfterTheOther from './02-one-after-the-other.ts';
import * as atOnce from './03-at-once.ts';
import * as gather from './04-gather.ts';
import * as gatherWithExceptions from './05-gather-with-exceptions.ts';
import * as timeLimit from './06-time-limit.ts';
import * as nestedCoroutine from './07-nested-coroutine.ts';
import * as tasks from './08-tasks.ts';
import * as runUntilComplete from './09-run-until-complete.ts';
import * as coroutineResult from './10-coroutine-result.ts';
import * as coroutineChain from './11-coroutine-chain.ts';
import * as coroutineDecorator from './12-coroutine-decorator.ts';
import * as generatorCoroutine from './13-generator-coroutine.ts';
import * as callSoon from './14-call-soon.ts';
import * as callLater from './15-call-later.ts';
import * as callAt from './16-call-at.ts';
import * as futureInALoop from './17-future-in-a-loop.ts';
import * as futureAwaited from './18-future-awaited.ts';
import * as runInARunningLoop from './19-run-in-a-running-loop.ts';
import * as taskResult from './20-task-result.ts';
import * as lock from './21-lock.ts';
import * as event from './22-event.ts';
import * as condition from './23-condition.ts';
import * as semaphore from './24-semaphore.ts';
import * as boundedSemaphore from './25-bounded-semaphore.ts';
import * as asyncContextManager from './26-async-context-manager.ts';
import * as echoByProtocols from './27-echo-by-protocols.ts';
import * as echoByStreams from './28-echo-by-streams.ts';
import * as manyClients from './29-many-clients.ts';
import * as relayByStreams from './30-relay-by-streams.ts';
import * as relayByProtocols from './31-relay-by-protocols.ts';
import * as subprocessPipeline from './32-subprocess-pipeline.ts';
import * as signalHandler from './33-signal-handler.ts';
import * as udpEcho from './34-udp-echo.ts';
import * as unixEcho from './35-unix-echo.ts';
import * as tlsEcho from './36-tls-echo.ts';
import * as relayWithTls from './37-relay-with-tls.ts';
import * as chatServer from './38-chat-server.ts';
import * as gracefulShutdown from './39-graceful-shutdown.ts';
import * as blockingAndCpuBound from './40-blocking-and-cpu-bound.ts';
import * as submitPow from './41-submit-pow.ts';
import * as asyncifyUrlopen from './42-asyncify-urlopen.ts';
import * as progressOverAMap from './43-progress-over-a-map.ts';
import * as delayedHttp from './50-delayed-http.ts';
import * as highScores from './51-high-scores.ts';
import * as zmqRequestReply from './52-zmq-request-reply.ts';
import * as zmqPoller from './53-zmq-poller.ts';
import * as selectorEcho from './60-selector-echo.ts';
import * as rawSocketEcho from './61-raw-socket-echo.ts';
import * as runSync from './62-run-sync.ts';
import type { Programs } from './tour.ts';

export const programs: Programs = {
  '01-hello': hello,
  '02-one-after-the-other': oneAfterTheOther,
  '03-at-once': atOnce,
  '04-gather': gather,
  '05-gather-with-exceptions': gatherWithExceptions,
  '06-time-limit': timeLimit,
  '07-nested-coroutine': nestedCoroutine,
  '08-tasks': tasks,
  '09-run-until-complete': runUntilComplete,
  '10-coroutine-result': coroutineResult,
  '11-coroutine-chain': coroutineChain,
  '12-coroutine-decorator': coroutineDecorator,
  '13-generator-coroutine': generatorCoroutine,
  '14-call-soon': callSoon,
  '15-call-later': callLater,
  '16-call-at': callAt,
  '17-future-in-a-loop': futureInALoop,
  '18-future-awaited': futureAwaited,
  '19-run-in-a-running-loop': runInARunningLoop,
  '20-task-result': taskResult,
  '21-lock': lock,
  '22-event': event,
  '23-condition': condition,
  '24-semaphore': semaphore,
  '25-bounded-semaphore': boundedSemaphore,
  '26-async-context-manager': asyncContextManager,
  '27-echo-by-protocols': echoByProtocols,
  '28-echo-by-streams': echoByStreams,
  '29-many-clients': manyClients,
  '30-relay-by-streams': relayByStreams,
  '31-relay-by-protocols': relayByProtocols,
  '32-subprocess-pipeline': subprocessPipeline,
  '33-signal-handler': signalHandler,
  '34-udp-echo': udpEcho,
  '35-unix-echo': unixEcho,
  '36-tls-echo': tlsEcho,
  '37-relay-with-tls': relayWithTls,
  '38-chat-server': chatServer,
  '39-graceful-shutdown': gracefulShutdown,
  '40-blocking-and-cpu-bound': blockingAndCpuBound,
  '41-submit-pow': submitPow,
  '42-asyncify-urlopen': asyncifyUrlopen,
  '43-progress-over-a-map': progressOverAMap,
  '50-delayed-http': delayedHttp,
  '51-high-scores': highScores,
  '52-zmq-request-reply': zmqRequestReply,
  '53-zmq-poller': zmqPoller,
  '60-selector-echo': selectorEcho,
  '61-raw-socket-echo': rawSocketEcho,
  '62-run-sync': runSync,
};
