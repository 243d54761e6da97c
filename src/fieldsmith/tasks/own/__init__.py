"""Problems of one's own as tasks: `problem_task.py` is the task, made of a problem file or of a `Problem`.

`files.py` reads problem files, sets their parameters and keeps copies; `draws.py` says which calls a program is judged on and `arrays.py` makes
their arrays; `reference.py` finds what they are judged against, `estimate.py` judges without; `words.py` has the statement.
"""
