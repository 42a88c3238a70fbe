"""The rig over a long time: memory, files, threads, log and pace must not grow."""
