"""Families of compression as steps of a pipeline: a trained model becomes a message, and a model again."""

from idbounds.compress.downsize import Downsize
from idbounds.compress.drafts import KINDS, Draft, drafts
from idbounds.compress.encode import Encode
from idbounds.compress.factorise import Factorise
from idbounds.compress.job import Compressed, Errors, compress
from idbounds.compress.pipeline import Bench, Pipeline, Stage, Step
from idbounds.compress.predict import Predict
from idbounds.compress.project import Project
from idbounds.compress.quantise import Quantise
from idbounds.compress.reading import read_pipeline
from idbounds.compress.regrow import Regrow, regrown
from idbounds.compress.report import Row
from idbounds.compress.scatter import Scatter
from idbounds.compress.share import Share
from idbounds.compress.sparsify import Sparsify
from idbounds.compress.tensor_train import TensorTrain
from idbounds.compress.tuning import FineTune, gradual

__all__ = [
    "KINDS",
    "Bench",
    "Compressed",
    "Downsize",
    "Draft",
    "Encode",
    "Errors",
    "Factorise",
    "FineTune",
    "Pipeline",
    "Predict",
    "Project",
    "Quantise",
    "Regrow",
    "Row",
    "Scatter",
    "Share",
    "Sparsify",
    "Stage",
    "Step",
    "TensorTrain",
    "compress",
    "drafts",
    "gradual",
    "read_pipeline",
    "regrown",
]
