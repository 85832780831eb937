"""The handler of `run.log`, where its folder or its disk does not take it."""

import logging
import shutil

from akshar.runs.console import LogFile


def record():
    return logging.makeLogRecord({"msg": "a line", "levelno": logging.INFO})


def test_a_log_file_takes_lines(tmp_path):
    handler = LogFile(tmp_path / "run.log", delay=True)
    handler.emit(record())
    handler.close()
    assert (tmp_path / "run.log").read_text() == "a line\n"


def test_a_folder_that_was_removed_stops_nothing(tmp_path, capsys):
    (tmp_path / "run").mkdir()
    handler = LogFile(tmp_path / "run" / "run.log", delay=True)
    shutil.rmtree(tmp_path / "run")
    handler.emit(record())
    handler.close()
    assert capsys.readouterr().err == ""
