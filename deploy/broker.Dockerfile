# The broker as an ordinary user: the folder of its queues must belong to that user before a volume covers it.
FROM nats:2.15.1-alpine
RUN install -d -o 10002 -g 10002 -m 0700 /data
USER 10002:10002
