"""Diagrams that more than one place shows, lessons and the README; a module for each lesson's."""

from course_utils.diagrams.alignment import (
    batch_negatives,
    rivals,
    similarity_table,
    tempered_row,
    two_towers,
    unit_circle,
)
from course_utils.diagrams.capstone import choose_fusion, margin_table, report_files, split_by_groups
from course_utils.diagrams.convolution import (
    batch_norm_modes,
    convolution_settings,
    receptive_field_growth,
    sliding_kernel,
    stacked_kernels,
)
from course_utils.diagrams.fusion import cross_attention, elimination, fusion_family, query_key_value
from course_utils.diagrams.limits import (
    early_exit,
    mean_of_those_present,
    nested_subsets,
    self_training_loop,
    teacher_and_student,
    three_limits,
    two_thin_kernels,
    whole_number_weights,
)
from course_utils.diagrams.overview import arrays_of_modalities, four_steps
from course_utils.diagrams.preprocessing import (
    folded_frequencies,
    framing,
    image_array,
    merge_steps,
    three_fits,
)
from course_utils.diagrams.recurrence import (
    bag_of_words,
    gradient_chain,
    gru_cell,
    lstm_cell,
    padding_mask,
    unrolled_rnn,
)
from course_utils.diagrams.speech import (
    collapsed_paths,
    ctc_trellis,
    edit_table,
    layer_chain,
    sound_text_picture,
)
from course_utils.diagrams.tools import (
    kernel_layouts,
    one_model_three_backends,
    parallel_kinds,
    pipeline_timeline,
    shared_step,
)
from course_utils.diagrams.training import computation_graph, data_splits, training_loop
from course_utils.diagrams.transformer import (
    grouped_heads,
    language_block,
    low_rank_update,
    one_sequence,
    patch_order,
    seeing_language_model,
    turned_pairs,
    who_looks,
)
from course_utils.diagrams.translation import attention_table, picture_among_words, sequence_to_sequence
from course_utils.diagrams.writing import (
    beam_tree,
    causal_table,
    cut_tail,
    picture_decoder,
    teacher_forcing,
)

__all__ = [
    "arrays_of_modalities",
    "attention_table",
    "bag_of_words",
    "batch_negatives",
    "batch_norm_modes",
    "beam_tree",
    "causal_table",
    "choose_fusion",
    "collapsed_paths",
    "computation_graph",
    "convolution_settings",
    "cross_attention",
    "ctc_trellis",
    "cut_tail",
    "data_splits",
    "early_exit",
    "edit_table",
    "elimination",
    "folded_frequencies",
    "four_steps",
    "framing",
    "fusion_family",
    "gradient_chain",
    "grouped_heads",
    "gru_cell",
    "image_array",
    "kernel_layouts",
    "language_block",
    "layer_chain",
    "low_rank_update",
    "lstm_cell",
<<<<<<< HEAD
    "margin_table",
    "merge_steps",
    "one_model_three_backends",
=======
    "mean_of_those_present",
    "merge_steps",
    "nested_subsets",
>>>>>>> l11a
    "one_sequence",
    "padding_mask",
    "parallel_kinds",
    "patch_order",
    "picture_among_words",
    "picture_decoder",
    "pipeline_timeline",
    "query_key_value",
    "receptive_field_growth",
    "report_files",
    "rivals",
    "seeing_language_model",
    "self_training_loop",
    "sequence_to_sequence",
    "shared_step",
    "similarity_table",
    "sliding_kernel",
    "sound_text_picture",
    "split_by_groups",
    "stacked_kernels",
    "teacher_and_student",
    "teacher_forcing",
    "tempered_row",
    "three_fits",
    "three_limits",
    "training_loop",
    "turned_pairs",
    "two_thin_kernels",
    "two_towers",
    "unit_circle",
    "unrolled_rnn",
    "who_looks",
    "whole_number_weights",
]
