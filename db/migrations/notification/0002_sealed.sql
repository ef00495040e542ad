-- Texts become bytes as they are; the data step of this migration seals them in the same transaction (data-steps.ts).
ALTER TABLE "notification"."messages" ALTER COLUMN "to_email" SET DATA TYPE bytea USING convert_to("to_email", 'UTF8');
