-- How an animal moves, fitted to its collar's fixes. Configuration: tracks are a function of it and of the observations,
-- so that it is kept as it was fitted and is not computed anew in passing. Only the newest fit of an animal is kept.

create table movement (
    site_id            text not null,
    individual_id      uuid not null,
    tau_position_s     double precision not null,
    tau_velocity_s     double precision not null,
    sigma_m            double precision not null,
    centre_drift_m2_s  double precision not null,
    error_scale        double precision not null,
    spread_factor      double precision not null,
    log_covariance     double precision[] not null,       -- of the logarithms of the first three and error_scale, 4 by 4
    fixes              integer not null,
    fitted_at          timestamptz not null default clock_timestamp(),
    primary key (site_id, individual_id)
);
