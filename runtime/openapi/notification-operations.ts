// The calls of notifications.

import { z } from "zod";
import { listNotificationsQuery } from "../../functions/list-notifications.ts";
import { resendRequest } from "../../functions/resend-notifications.ts";
import { linkAnswer, nextPage, notificationAnswer } from "./answers.ts";
import type { Operation } from "./operation.ts";

export const notificationOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/notifications",
    id: "listNotifications",
    tag: "Notifications",
    summary: "Who was told of which change, or could not be",
    description: "The newest first. `state=failed` are those that were given up.",
    query: listNotificationsQuery,
    answers: { 200: { description: "The notifications.", content: z.array(notificationAnswer), headers: nextPage } },
    errors: ["validation"],
  },
  {
    method: "GET",
    path: "/notifications/{id}",
    id: "getNotification",
    tag: "Notifications",
    summary: "One notification",
    answers: { 200: { description: "The notification.", content: notificationAnswer } },
    errors: ["not_found"],
  },
  {
    method: "POST",
    path: "/notifications/{id}/resend",
    id: "resendNotification",
    tag: "Notifications",
    summary: "Send one that was given up again",
    answers: { 200: { description: "The notification, which waits now.", content: notificationAnswer } },
    errors: ["not_found", "conflict"],
  },
  {
    method: "POST",
    path: "/notifications/resend",
    id: "resendNotifications",
    tag: "Notifications",
    summary: "Send all that were given up again",
    body: { schema: resendRequest.meta({ id: "Resend" }), example: { target: "lab" } },
    answers: { 200: { description: "How many.", content: z.object({ resent: z.int().min(0) }) } },
    errors: ["validation"],
  },
  {
    method: "POST",
    path: "/telegram/link",
    id: "createTelegramLink",
    tag: "Notifications",
    summary: "A one-time code that links a Telegram chat",
    description: "Sent to the bot as `/start CODE`, it links that chat to the experiments of the token's owner.",
    answers: { 200: { description: "The code, and how many minutes it holds.", content: linkAnswer } },
    errors: ["conflict"],
  },
];
