"""ModelService over gRPC: envelopes around trainings, models and experiments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from sanset.v1 import model_metrics_pb2, model_pb2, model_service_pb2_grpc
from sanset.v1 import model_service_pb2 as pb
from sqlalchemy import Connection

from ml.artifacts.artifact import DamagedArtifact
from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.work import Work
from server.paging import Pages
from server.recommend.feedback import online
from server.recommend.feedback.touches import Scope
from server.recommend.registry import experiments, trained_models
from server.recommend.registry.errors import ModelDamaged
from server.recommend.registry.trained_models import ModelRecord
from server.recommend.serving.state import ServingState
from server.recommend.training import convert, online_convert, runs
from server.recommend.training.assignment import Assignment
from server.recommend.training.runs import Run
from server.recommend.training.trainer import Trainer
from server.repeats.short_call import earlier_reply, first_reply, keep_reply, once
from server.rpc.call import Call


class ModelServicer(model_service_pb2_grpc.ModelServiceServicer):
    """Trains models, puts them into use and compares them."""

    def __init__(
        self, db: Database, work: Work, pages: Pages, clock: Clock, serving: ServingState, trainer: Trainer
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._serving = serving
        self._trainer = trainer

    async def TrainModel(self, request: pb.TrainModelRequest, call: Call) -> model_pb2.Training:
        return await self._work.run(self._train, request, call, deadline=call.deadline)

    def _train(self, request: pb.TrainModelRequest, call: Call) -> model_pb2.Training:
        # In one go with the claim: a caller who leaves in between must not leave a claim that nobody works on.
        assignment = convert.assignment_from_wire(request)
        with self._db.transaction() as tx:
            reply, run = self._claim(tx, request, call, assignment)
        if run is not None:
            self._trainer.launch(run, assignment)
        return reply

    def _claim(
        self, tx: Connection, request: pb.TrainModelRequest, call: Call, assignment: Assignment
    ) -> tuple[model_pb2.Training, Run | None]:
        """The training as it begins, and what is to be worked on; a repeat has nothing to do."""
        now = self._clock()
        first = first_reply(tx, request, call, now, model_pb2.Training)
        if first is not None:
            return first, None
        run = runs.claim(tx, assignment, now)
        reply = convert.training_to_wire(run)
        keep_reply(tx, request, call, reply)
        return reply, run

    async def CancelTraining(self, request: pb.CancelTrainingRequest, call: Call) -> model_pb2.Training:
        return convert.training_to_wire(await self._trainer.cancel(call.deadline, request.training_id))

    def GetTraining(self, request: pb.GetTrainingRequest, call: Call) -> model_pb2.Training:
        with self._db.read() as connection:
            return convert.training_to_wire(runs.get(connection, request.training_id))

    def ListTrainings(self, request: pb.ListTrainingsRequest, call: Call) -> pb.ListTrainingsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListTrainings", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            trainings = runs.page(connection, after[0] if after else None, size + 1)
        items, token = self._pages.page(
            trainings, size, convert.training_to_wire, lambda run: [run.id], *scope
        )
        return pb.ListTrainingsResponse(items=items, next_page_token=token)

    async def WatchTraining(
        self, request: pb.WatchTrainingRequest, call: Call
    ) -> AsyncIterator[pb.WatchTrainingResponse]:
        async for message in self._trainer.watch(request.training_id):
            yield convert.watched_to_wire(message, self._clock())

    def GetModel(self, request: pb.GetModelRequest, call: Call) -> model_pb2.Model:
        with self._db.read() as connection:
            return convert.model_to_wire(trained_models.get(connection, request.model_id))

    def ListModels(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListModels", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            models = trained_models.page(connection, after[0] if after else None, size + 1)
        items, token = self._pages.page(models, size, convert.model_to_wire, lambda model: [model.id], *scope)
        return pb.ListModelsResponse(items=items, next_page_token=token)

    def GetModelMetrics(
        self, request: pb.GetModelMetricsRequest, call: Call
    ) -> model_metrics_pb2.ModelMetrics:
        with self._db.read() as connection:
            if request.model_id:
                model = trained_models.get(connection, request.model_id)
            else:
                model = trained_models.active_or_refuse(connection)
            scope = Scope([model.version], online.lookback(self._clock(), request.days))
            measured = online.measure(connection, scope)
        metrics = convert.metrics_to_wire(model)
        metrics.online.CopyFrom(online_convert.online_to_wire(measured[model.version]))
        return metrics

    async def ActivateModel(self, request: pb.ActivateModelRequest, call: Call) -> model_pb2.Model:
        model = await self._sound(request.model_id, call.deadline)
        model = await self._work.write(trained_models.activate, model.id, deadline=call.deadline)
        await self._serving.models.follow_activation()
        return convert.model_to_wire(model)

    async def StartExperiment(self, request: pb.StartExperimentRequest, call: Call) -> model_pb2.Experiment:
        if request.request_id:
            earlier = partial(earlier_reply, self, request, call, model_pb2.Experiment)
            reply = await self._work.run(earlier, deadline=call.deadline)
            if reply is not None:
                return reply
        await self._sound(request.challenger_model_id, call.deadline)
        reply = await self._work.run(self._start_experiment, request, call, deadline=call.deadline)
        await self._serving.models.follow_activation()
        return reply

    @once(model_pb2.Experiment)
    def _start_experiment(
        self, tx: Connection, request: pb.StartExperimentRequest, call: Call, now: datetime
    ) -> model_pb2.Experiment:
        trial = experiments.start(tx, request.challenger_model_id, request.challenger_percent, now)
        return online_convert.experiment_to_wire(trial)

    def GetExperiment(self, request: pb.GetExperimentRequest, call: Call) -> model_pb2.Experiment:
        with self._db.read() as connection:
            trial = experiments.get(connection, request.experiment_id)
            measured = online.measure(connection, Scope.of_trial(trial))
        return online_convert.experiment_to_wire(trial, measured)

    def ListExperiments(self, request: pb.ListExperimentsRequest, call: Call) -> pb.ListExperimentsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListExperiments", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            trials = experiments.page(connection, after[0] if after else None, size + 1)
        items, token = self._pages.page(
            trials, size, online_convert.experiment_to_wire, lambda trial: [trial.id], *scope
        )
        return pb.ListExperimentsResponse(items=items, next_page_token=token)

    async def EndExperiment(self, request: pb.EndExperimentRequest, call: Call) -> model_pb2.Experiment:
        trial = await self._work.write(
            experiments.end, request.experiment_id, self._clock(), deadline=call.deadline
        )
        await self._serving.models.follow_activation()
        return online_convert.experiment_to_wire(trial)

    async def _sound(self, model_id: int, deadline: Deadline) -> ModelRecord:
        """The model; raises ModelNotFound, and ModelDamaged when it cannot be served."""
        model = await self._work.read(trained_models.get, model_id, deadline=deadline)
        trained_models.require_available(model)
        try:
            await self._serving.models.verify(model.version)
        except DamagedArtifact as error:
            raise ModelDamaged(version=model.version, problem=error) from None
        return model
