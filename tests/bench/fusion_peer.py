"""Stone Soup 1.9.1 on the made reserve, in the best configuration known to us.

LBP-JPDA with our movement model, likelihoods of individual and species in its hypotheses, and its Kalman smoother. To
be generous: everything is sorted by time, the catalogue and the medians of each species are given, collar fixes go
straight to their animal, and only tracks that get a sighting are updated. Predictors, updater, hypothesiser,
associator, reduction and smoother are Stone Soup's; the glue is ours. Optional: `Absent` where it is not installed
(pip install stonesoup==1.9.1 --target DIR, then ROSETTE_FUSION_PEERS=DIR).
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import Any, Final

import numpy as np

from fusion.motion import MotionParameters, transition
from tests.bench.fusion_scenario import (
    CAMERA,
    NOBODY,
    SIGMA_M,
    SPECIES,
    TAU_POSITION_S,
    TAU_VELOCITY_S,
    Month,
)
from tests.bench.fusion_scores import Answer

START: Final = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - Stone Soup compares naive times
CLUTTER_PER_M2: Final = 1.6e-8
CENTRE_SD_M: Final = 15_000.0
POSITION: Final = np.array([[1.0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 1]])


class Absent(Exception):
    """The peer is not installed."""


def _classes() -> dict[str, Any]:
    directory = os.environ.get("ROSETTE_FUSION_PEERS")
    if directory and directory not in sys.path:
        sys.path.append(directory)
    try:
        from stonesoup.base import Property
        from stonesoup.hypothesiser.probability import PDAHypothesiser
        from stonesoup.models.base import TimeVariantModel
        from stonesoup.models.measurement.linear import LinearGaussian
        from stonesoup.models.transition.linear import LinearGaussianTransitionModel
        from stonesoup.types.array import CovarianceMatrix
        from stonesoup.types.multihypothesis import MultipleHypothesis
        from stonesoup.types.numeric import Probability
    except ImportError as error:
        raise Absent(str(error)) from error

    class HomeRange(LinearGaussianTransitionModel, TimeVariantModel):
        """Offset from the centre, velocity, centre, of one axis."""

        parameters: Any = Property()

        @property
        def ndim_state(self) -> int:
            return 3

        def matrix(self, time_interval: dt.timedelta, **_: Any) -> Any:
            F, _Q = transition(self.parameters, time_interval.total_seconds())
            F = F.copy()
            F[:2, 2] = 0.0
            return F

        def covar(self, time_interval: dt.timedelta, **_: Any) -> Any:
            _F, Q = transition(self.parameters, time_interval.total_seconds())
            return CovarianceMatrix(Q + np.diag([1e-9, 1e-15, 1e-9]))

    class Position(LinearGaussian):
        """Offset plus centre."""

        def matrix(self, **_: Any) -> Any:
            return POSITION

        @property
        def ndim_meas(self) -> int:
            return 2

    class Hypothesiser(PDAHypothesiser):
        """One predictor a species; the picture's likelihood ratio multiplies the probability."""

        predictors: Any = Property(default=None)

        def hypothesise(self, track: Any, detections: Any, timestamp: Any, **kwargs: Any) -> Any:
            self.predictor = self.predictors[track.metadata["species"]]
            found = list(super().hypothesise(track, detections, timestamp, **kwargs))
            for one in found:
                if one:
                    ratio = one.measurement.metadata["llr"][track.metadata["animal"]]
                    one.probability = one.probability * Probability(ratio, log_value=True)
            return MultipleHypothesis(found, normalise=True)

    return {"HomeRange": HomeRange, "Position": Position, "Hypothesiser": Hypothesiser}


def stone_soup(month: Month) -> Answer:
    """The answer of Stone Soup. Raises Absent where it is not installed."""
    own = _classes()
    from stonesoup.dataassociator.probability import JPDAwithLBP
    from stonesoup.functions import gm_reduce_single
    from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.smoother.kalman import KalmanSmoother
    from stonesoup.types.array import CovarianceMatrix, StateVector, StateVectors
    from stonesoup.types.detection import Detection
    from stonesoup.types.hypothesis import SingleHypothesis
    from stonesoup.types.numeric import Probability
    from stonesoup.types.state import GaussianState
    from stonesoup.types.track import Track
    from stonesoup.types.update import GaussianStateUpdate
    from stonesoup.updater.kalman import KalmanUpdater

    predictors, priors = {}, {}
    for s in range(len(SPECIES)):
        parameters = MotionParameters(TAU_POSITION_S[s], TAU_VELOCITY_S[s], SIGMA_M[s])
        axes = [own["HomeRange"](parameters=parameters) for _ in range(2)]
        predictors[s] = KalmanPredictor(CombinedLinearGaussianTransitionModel(axes))
        speed2 = SIGMA_M[s] ** 2 / (TAU_POSITION_S[s] * TAU_VELOCITY_S[s])
        middle = [side / 2 for side in month.reserve.side_m]
        priors[s] = GaussianState(
            StateVector([0, 0, middle[0], 0, 0, middle[1]]),
            CovarianceMatrix(np.diag([SIGMA_M[s] ** 2, speed2, CENTRE_SD_M**2] * 2)),
            timestamp=START,
        )
    updater = KalmanUpdater(None)
    hypothesiser = own["Hypothesiser"](
        predictor=predictors[0],
        updater=updater,
        clutter_spatial_density=CLUTTER_PER_M2,
        prob_detect=Probability(0.5),
        prob_gate=Probability(0.9999),
        predictors=predictors,
        include_all=False,
    )
    associator = JPDAwithLBP(hypothesiser)
    species = month.species[: month.catalogued]
    tracks = [
        Track([priors[s]], init_metadata={"species": int(s), "animal": i}) for i, s in enumerate(species.tolist())
    ]
    mean = np.full((len(month.path_s), len(tracks), 2), np.nan)
    covariance = np.full((len(month.path_s), len(tracks), 3), np.nan)
    owner, stated = np.full(len(month.time_s), NOBODY), np.full(len(month.time_s), np.nan)
    background = np.log(np.exp(month.species_ll).mean(axis=1))
    # Truth times become predictions in the tracks, so that they are smoothed too; they come before equal times.
    when = np.concatenate([month.path_s, month.time_s])
    for row in np.argsort(when, kind="stable"):
        now = START + dt.timedelta(seconds=float(when[row]))
        if row < len(month.path_s):
            for track in tracks if now > START else ():
                track.append(predictors[track.metadata["species"]].predict(track[-1], timestamp=now))
            continue
        j = int(row) - len(month.path_s)
        xx, xy, yy = month.covariance[j]
        model = own["Position"](ndim_state=6, mapping=(0, 1), noise_covar=np.array([[xx, xy], [xy, yy]]))
        if month.kind[j] != CAMERA:
            track = tracks[month.known[j]]
            fix = Detection(StateVector(month.place[j]), timestamp=now, measurement_model=model)
            prediction = predictors[track.metadata["species"]].predict(track[-1], timestamp=now)
            track.append(updater.update(SingleHypothesis(prediction, fix)))
            continue
        llr = month.identity_llr[j] + month.species_ll[j][species] - background[j]
        sighting = Detection(StateVector(month.place[j]), timestamp=now, measurement_model=model, metadata={"llr": llr})
        total, best = 0.0, (0.0, NOBODY)
        # In the order of the catalogue: a sum of floats in the order of a set of objects differs from run to run.
        found = associator.associate(set(tracks), {sighting}, now)
        for track in tracks:
            hypotheses = found[track]
            weight = float(sum(float(one.probability) for one in hypotheses if one))
            total += weight
            best = max(best, (weight, track.metadata["animal"]))
            if weight > 1e-3:
                states = [updater.update(one) if one else one.prediction for one in hypotheses]
                weights = np.array([float(one.probability) for one in hypotheses])
                vectors = StateVectors([state.state_vector for state in states])
                covariances = np.stack([state.covar for state in states], axis=2)
                m, P = gm_reduce_single(vectors, covariances, weights / weights.sum())
                track.append(GaussianStateUpdate(m, P, hypotheses, hypotheses[0].prediction.timestamp))
        nobody = max(0.0, 1.0 - total)
        owner[j], stated[j] = (best[1], best[0]) if best[0] > nobody else (NOBODY, nobody)
    at = {START + dt.timedelta(seconds=float(t)): k for k, t in enumerate(month.path_s)}
    for i, track in enumerate(tracks):
        for state in KalmanSmoother(predictors[track.metadata["species"]].transition_model).smooth(track):
            k = at.get(state.timestamp)
            if k is not None:
                P = POSITION @ state.covar @ POSITION.T
                mean[k, i] = np.asarray(POSITION @ state.state_vector, dtype=np.float64).ravel()
                covariance[k, i] = P[0, 0], P[0, 1], P[1, 1]
    return Answer(mean, covariance, owner, np.clip(stated, 0.0, 1.0))
