// Every call of the API, in the order in which it is shown.

import type { Operation } from "./operation.ts";
import { eventOperations } from "./event-operations.ts";
import { experimentOperations } from "./experiment-operations.ts";
import { hostOperations } from "./host-operations.ts";
import { logOperations } from "./log-operations.ts";
import { notificationOperations } from "./notification-operations.ts";
import { serverOperations } from "./server-operations.ts";

export const operations: readonly Operation[] = [
  ...experimentOperations,
  ...logOperations,
  ...hostOperations,
  ...eventOperations,
  ...notificationOperations,
  ...serverOperations,
];
