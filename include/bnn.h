#ifndef BNN_H
#define BNN_H
/* libbnn: predictions with uncertainty inside other programs, from a checkpoint of bnn-train.
 *
 *     bnn_model* model;
 *     bnn_session* session;
 *     bnn_model_load("last.safetensors", &model);
 *     bnn_session_new(model, NULL, &session);
 *     bnn_results results = {.struct_size = sizeof results};
 *     results.probabilities = ...;                 room for n * classes doubles
 *     bnn_predict(session, images, n, NULL, &results);
 *
 * Functions return BNN_OK or another bnn_status, and bnn_last_error then says in a sentence what is
 * wrong. A model does not change and may be used by any number of threads at once. A session
 * belongs to one thread at a time; every thread makes its own. It keeps what it needs of the model,
 * so that the two may be freed in any order. A session of several threads does not survive a fork:
 * the child makes its own.
 *
 * The numbers are those of bnn-predict, to the last bit, whatever the number of threads and however
 * images are spread over calls. The library multiplies matrices with its own code alone: a network
 * that was trained with OpenBLAS predicts what bnn-predict --products own gives.
 *
 * The library installs no signal handler, ends no process, writes to no stream, and reads and sets
 * no environment variable. Structs begin with struct_size, the caller's sizeof, and only grow: old
 * programs work with new libraries. Members that are 0 stand for the default.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BNN_API __attribute__((visibility("default")))
#else
#define BNN_API
#endif

/* Grows by 1 when a function or a member is added. */
#define BNN_ABI_VERSION 2

/* The values are the exit codes of the programs. */
typedef enum bnn_status {
  BNN_OK = 0,
  BNN_ERROR_ARGUMENT = 2,   /* an argument makes no sense */
  BNN_ERROR_CHECKPOINT = 5, /* the checkpoint is missing, damaged or of an unknown kind */
  BNN_ERROR_SYSTEM = 6,     /* memory, permission, a failing disk */
  BNN_ERROR_NUMERICAL = 7,  /* a number that is not finite */
  BNN_ERROR_INTERNAL = 70   /* a defect of the library */
} bnn_status;

typedef struct bnn_model bnn_model;
typedef struct bnn_session bnn_session;

/* What a model predicts. Images are bytes, channels last: [row][column][channel]. */
typedef struct bnn_info {
  size_t struct_size;
  int32_t height, width, channels;
  int32_t classes;
  int32_t samples;   /* Monte Carlo samples by default; 1 for a network without noise */
  int32_t has_noise; /* 0: every sample would be the same */
  uint64_t seed;     /* by default */
} bnn_info;

typedef struct bnn_session_options {
  size_t struct_size;
  int32_t threads;      /* default 1 */
  int32_t samples;      /* default: the model's */
  int32_t mean_weights; /* 1: the posterior means and no noise, one pass */
  int32_t has_seed;     /* 1: `seed` counts, instead of the model's */
  uint64_t seed;
  double temperature; /* of the probabilities; default 1 */
} bnn_session_options;

/* Arrays of the caller; those that are NULL are left out. n images, K classes, S samples. Entropies
 * are in nats. */
typedef struct bnn_results {
  size_t struct_size;
  double* probabilities;       /* [n][K], mean over the samples */
  double* probabilities_std;   /* [n][K], standard deviation over them */
  double* predictive_entropy;  /* [n], all of the uncertainty */
  double* expected_entropy;    /* [n], its part in the data */
  double* mutual_information;  /* [n], its part in the model */
  double* variation_ratio;     /* [n], share of the samples that vote for another class */
  int32_t* predicted;          /* [n], the most probable class */
  float* sample_probabilities; /* [S][n][K], of every sample, not scaled by the temperature */
  /* Since version 2: scores for images of another kind than those of training, mean over the
   * samples, of the network's outputs before any temperature. */
  double* energy;      /* [n], in nats; high: another kind */
  double* max_logit;   /* [n]; low: another kind */
  double* mahalanobis; /* [n], squared distance to the nearest class; NaN without features file */
} bnn_results;

/* "0.2.0". */
BNN_API const char* bnn_version(void);
/* BNN_ABI_VERSION of the library, which may be newer than the header's. */
BNN_API unsigned bnn_abi_version(void);

/* What went wrong in the last call of this thread that failed. Valid until the next one. */
BNN_API const char* bnn_last_error(void);

/* Reads and checks a checkpoint, and the file CHECKPOINT.features.safetensors beside it, if there
 * is one. A file that is damaged or of other weights counts as none. On failure *model is NULL. */
BNN_API int bnn_model_load(const char* path, bnn_model** model);
/* A checkpoint from memory, which is not needed afterwards. */
BNN_API int bnn_model_load_memory(const void* bytes, size_t size, bnn_model** model);
/* NULL is allowed. */
BNN_API void bnn_model_free(bnn_model* model);

BNN_API int bnn_model_info(const bnn_model* model, bnn_info* info);
/* The name of a class, or NULL if the checkpoint has none. Lives as long as the model. */
BNN_API const char* bnn_model_class_name(const bnn_model* model, int32_t index);

/* An image of any size, of 1 or 3 channels, as the model expects it: resized, cut or padded and
 * recoloured as bnn-predict does with image files. @param out height * width * channels bytes of
 * the model */
BNN_API int bnn_model_fit_image(const bnn_model* model, const uint8_t* image, int32_t height,
                                int32_t width, int32_t channels, uint8_t* out);

/* @param options NULL: all defaults */
BNN_API int bnn_session_new(const bnn_model* model, const bnn_session_options* options,
                            bnn_session** session);
BNN_API void bnn_session_free(bnn_session* session);
/* Monte Carlo samples of the session: S of sample_probabilities. */
BNN_API int32_t bnn_session_samples(const bnn_session* session);

/* Predicts n images, [n][height][width][channels].
 * @param names a number for each image, which names its random signs. NULL: a number that its
 * pixels give, as for image files; bnn-predict names the images of a data file 0, 1, 2, … */
BNN_API int bnn_predict(bnn_session* session, const uint8_t* images, size_t n,
                        const uint32_t* names, bnn_results* results);

#ifdef __cplusplus
}
#endif

#endif
