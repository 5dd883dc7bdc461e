-- A fit of movement says beside it how far off each tag of the animal is: the scale of its errors, how much too thin its
-- Argos ellipses are (psi), and how heavy a tail its errors have. Fits of before say nothing of it; the next one does.

alter table movement add column tags jsonb not null default '[]';

-- Two individuals, each known by another flank, may be one animal: that is supposed as well, and waits for a person.
alter table hypothesis
    drop constraint hypothesis_kind_check,
    add constraint hypothesis_kind_check
        check (kind in ('birth', 'death', 'dispersal', 'wrong_deployment', 'same_animal'));
